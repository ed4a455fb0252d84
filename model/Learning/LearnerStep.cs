using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>The learner's step on a model in memory, without checkpoints: what a step computes and nothing else. Not thread-safe.</summary>
public sealed class LearnerStep : IDisposable
{
    private readonly RunSpec _spec;
    private readonly ShardThreads _threads;
    private readonly AdamW _optimiser;
    private readonly PolicyTrainer _trainer;

    /// <param name="model">Stays the caller's; its weights change.</param>
    /// <param name="threads">Cores to use; the result does not depend on it.</param>
    public LearnerStep(DecoderModel model, RunSpec spec, int threads = PolicyTrainer.Shards)
    {
        _spec = spec;
        _threads = new ShardThreads(Math.Clamp(threads, 1, PolicyTrainer.Shards));
        _optimiser = new AdamW(model, spec.Learning.OptimiserStates);
        _trainer = new PolicyTrainer(model, _optimiser, _threads, precision: spec.Learning.Precision);
    }

    /// <param name="step">From 1; decides the order of groups and the learning rate.</param>
    public LearningSummary Run(int step, TrainingBatch batch, TimeProvider time, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var update = new GrpoUpdate(_spec, step, batch);
        return update.Summary(update.Run(_trainer, reference: null, cancellation), time.GetElapsedTime(started).TotalSeconds);
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _optimiser.Dispose();
        _threads.Dispose();
    }
}
