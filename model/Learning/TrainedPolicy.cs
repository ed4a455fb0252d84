using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>A policy with all that training it further needs: weights, tokenizer files and optimiser. Owns them.</summary>
internal sealed class TrainedPolicy : IDisposable
{
    public TrainedPolicy(DecoderModel model, TokenizerFiles tokenizer, ShardThreads threads)
    {
        (Model, Tokenizer) = (model, tokenizer);
        Optimiser = new AdamW(model);
        Trainer = new PolicyTrainer(model, Optimiser, threads);
    }

    public DecoderModel Model { get; }
    public TokenizerFiles Tokenizer { get; }
    public AdamW Optimiser { get; }
    public PolicyTrainer Trainer { get; }

    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static TrainedPolicy Load(string folder, ShardThreads threads)
    {
        var policy = new TrainedPolicy(LoadModel(folder), TokenizerFiles.From(folder), threads);
        try
        {
            TrainingStateFiles.Load(policy.Optimiser, policy.Model.Config, folder);
            return policy;
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    /// <summary>Writes model, tokenizer and training state. Returns the state's identity, as <see cref="TrainingStateFiles.Save"/>.</summary>
    public byte[] Save(string folder)
    {
        CheckpointFolder.Save(Model, Tokenizer, folder);
        return TrainingStateFiles.Save(Optimiser, Model.Config, folder);
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Optimiser.Dispose();
        Model.Dispose();
    }

    private static DecoderModel LoadModel(string folder)
    {
        try
        {
            return CheckpointFolder.Load(folder);
        }
        catch (InvalidInputException e)
        {
            // What a run wrote itself is no user's input.
            throw new CheckpointException(e.Message, e);
        }
    }
}
