using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Learning.Objectives;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The learner: clipped policy gradients over minibatches of effective rows, AdamW, checkpoints in Hugging Face layout with
/// the training state beside them. Keeps the policy it made last, and goes on from it where that is what it is asked for;
/// otherwise it loads, with the same result to the bit.
/// </summary>
/// <param name="threads">Cores to use; the result does not depend on it.</param>
public sealed class GrpoLearner(TimeProvider time, int threads = PolicyTrainer.Shards) : ILearner, IDisposable
{
    private readonly ShardThreads _threads = new(Math.Clamp(threads, 1, PolicyTrainer.Shards));
    private readonly ReferenceModel _reference = new();
    private TrainedPolicy? _held;
    private byte[] _heldIdentity = [];

    /// <summary>What of a spec only the learner can judge, without doing any work: ask before a run is started.</summary>
    /// <exception cref="InvalidInputException">An unknown loss, normalisation or model source, a model folder that cannot be read, a greedy run.</exception>
    public static void Validate(RunSpec spec)
    {
        Check(spec);
        var source = ModelSource.Parse(spec.Model.Source);
        source.Validate();
        if (spec.Tasks.Chat) CheckChat(spec, source.Outline().Tokenizer);
    }

    public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation)
    {
        Check(spec);
        Release();
        var (model, tokenizer) = ModelSource.Parse(spec.Model.Source).Make(spec, _threads, progress, cancellation);
        Hold(TrainedPolicy.Start(model, tokenizer, spec, _threads), outputFolder, whole: true);
    }

    public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation)
    {
        Check(spec);
        var started = time.GetTimestamp();
        var policy = Take(spec, input);
        try
        {
            var update = new GrpoUpdate(spec, input.Step, input.Batch);
            var results = update.Run(policy.Trainer, input.ReferenceFolder is { } reference ? _reference.Load(reference, input.InitialFolder) : null, cancellation);
            Hold(policy, outputFolder, whole: spec.Model.Adapter?.Publish != AdapterSpec.PublishAdapter);
            return update.Summary(results, time.GetElapsedTime(started).TotalSeconds);
        }
        catch
        {
            // Half an update in memory is no policy that any folder has.
            if (!ReferenceEquals(policy, _held)) policy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Release();
        _reference.Dispose();
        _threads.Dispose();
    }

    /// <summary>The policy to go on from, the caller's from now on.</summary>
    private TrainedPolicy Take(RunSpec spec, LearningInput input)
    {
        var identity = TrainingStateFiles.Identity(input.BaseFolder);
        if (_held is { } held && _heldIdentity.AsSpan().SequenceEqual(identity))
        {
            _held = null;
            return held;
        }

        Release();
        return spec.Model.Adapter is null
            ? TrainedPolicy.Load(input.BaseFolder, spec, _threads)
            : TrainedPolicy.LoadAdapted(input.BaseFolder, input.InitialFolder ?? throw new CheckpointException("an adapter is trained, but policy 0 is not given"), spec, _threads);
    }

    private void Hold(TrainedPolicy policy, string folder, bool whole)
    {
        _heldIdentity = policy.Save(folder, whole);
        _held = policy;
    }

    private void Release()
    {
        _held?.Dispose();
        _held = null;
    }

    private static void CheckChat(RunSpec spec, ITokenizer tokenizer)
    {
        try
        {
            tokenizer.EncodePrompt("1", spec.Tasks.PromptFormat);
        }
        catch (FormatException e)
        {
            throw new InvalidInputException("tasks.chat", e.Message);
        }
    }

    private static void Check(RunSpec spec)
    {
        ObjectiveFactory.Check(spec.Learning);
        if (spec.Sampling.Temperature <= 0)
            throw new InvalidInputException("sampling.temperature", "0 is greedy: all rollouts of a task are the same and teach nothing; use a number above 0, such as 1");
    }
}
