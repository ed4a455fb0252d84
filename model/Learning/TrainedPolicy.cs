using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>A policy with all that training it further needs: weights or adapter, tokenizer files and optimiser. Owns them.</summary>
internal sealed class TrainedPolicy : IDisposable
{
    /// <summary>What adapters name as their base: policy 0, beside them in a run's folder.</summary>
    private const string BaseName = "../000000";

    private readonly TokenizerFiles _tokenizer;
    private readonly AdamW _optimiser;
    private readonly AdapterTraining? _adapter;

    private TrainedPolicy(DecoderModel model, TokenizerFiles tokenizer, RunSpec spec, ShardThreads threads, AdapterTraining? adapter = null)
    {
        (Model, _tokenizer, _adapter) = (model, tokenizer, adapter);
        _optimiser = new AdamW(adapter?.Adapter.Tensors ?? model.Parameters, spec.Learning.OptimiserStates);
        Trainer = new PolicyTrainer(model, _optimiser, threads, adapter, spec.Learning.Precision);
    }

    public DecoderModel Model { get; }
    public PolicyTrainer Trainer { get; }

    /// <summary>Policy 0 with a fresh training state. Owns the model.</summary>
    public static TrainedPolicy Start(DecoderModel model, TokenizerFiles tokenizer, RunSpec spec, ShardThreads threads)
    {
        if (spec.Model.Adapter is not { } adapter) return new TrainedPolicy(model, tokenizer, spec, threads);
        return Adapted(model, LowRankAdapter.Random(model.Config, AdapterSettings.From(adapter), Seeds.For(spec.Seed, "adapter")), tokenizer, spec, threads);
    }

    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static TrainedPolicy Load(string folder, RunSpec spec, ShardThreads threads) =>
        WithState(new TrainedPolicy(Checked(() => CheckpointFolder.Load(folder)), TokenizerFiles.From(folder), spec, threads), folder);

    /// <summary>The adapter in a folder with the weights of policy 0 as its base.</summary>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static TrainedPolicy LoadAdapted(string folder, string initialFolder, RunSpec spec, ShardThreads threads)
    {
        var basis = Checked(() => CheckpointFolder.Load(initialFolder));
        try
        {
            return WithState(Adapted(basis, Checked(() => AdapterFolder.Load(folder, basis.Config)), TokenizerFiles.From(initialFolder), spec, threads), folder);
        }
        catch
        {
            basis.Dispose();
            throw;
        }
    }

    /// <summary>Writes model, tokenizer and training state. Returns the state's identity, as <see cref="TrainingStateFiles.SaveScalars"/>.</summary>
    /// <param name="whole">With the weights themselves, not only the adapter.</param>
    public byte[] Save(string folder, bool whole)
    {
        Directory.CreateDirectory(folder);
        // Nobody computes meanwhile: both are written, and then hashed, at once.
        var moments = Task.Run(() => TrainingStateFiles.SaveTensors(State, folder));
        try
        {
            SavePolicy(folder, whole);
        }
        finally
        {
            moments.GetAwaiter().GetResult();
        }

        return TrainingStateFiles.SaveScalars(State, folder);
    }

    private void SavePolicy(string folder, bool whole)
    {
        if (whole) CheckpointFolder.Save(Model, _tokenizer, folder);
        else _tokenizer.WriteTo(folder);
        if (_adapter is not null) AdapterFolder.Save(_adapter.Adapter, BaseName, folder);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        _optimiser.Dispose();
        if (_adapter is null) Model.Dispose();
        else _adapter.Dispose();
    }

    private TrainingState State =>
        new(_optimiser, Trainer.Accumulated, _adapter is null ? LlamaLayout.Tensors(Model.Config) : AdapterFolder.Tensors(_adapter.Adapter));

    private static TrainedPolicy Adapted(DecoderModel basis, LowRankAdapter adapter, TokenizerFiles tokenizer, RunSpec spec, ShardThreads threads)
    {
        var training = new AdapterTraining(basis, adapter);
        return new TrainedPolicy(training.Merged, tokenizer, spec, threads, training);
    }

    private static TrainedPolicy WithState(TrainedPolicy policy, string folder)
    {
        try
        {
            TrainingStateFiles.Load(policy.State, folder);
            return policy;
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    private static T Checked<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (InvalidInputException e)
        {
            // What a run wrote itself is no user's input.
            throw new CheckpointException(e.Message, e);
        }
    }
}
