using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>One step's learning: the minibatches of its groups, one optimiser update each, or one part of a minibatch of several steps.</summary>
internal sealed class GrpoUpdate(RunSpec spec, int step, TrainingBatch batch)
{
    private readonly List<SkippedUpdate> _skipped = [];
    private readonly NormalisationRule _normalisation = new(
        LossNormalisations.Of(spec.Learning.Normalisation), batch.Groups.Count == 0 ? 1 : (double)batch.EffectiveTokens / batch.RolloutTokens, spec.Sampling.MaxTokens);
    private readonly bool _accumulates = GradientAccumulation.IsOn(spec.Learning);
    private int _updates;
    private int _accumulatedRows;
    private readonly BehaviourCorrection? _correction = spec.Learning.ImportanceCap is null ? null : new BehaviourCorrection(spec.Learning);

    /// <summary>Results of the minibatches, in order; none when there are no groups, and then nothing changes.</summary>
    /// <param name="reference">Needed with a KL penalty.</param>
    public IReadOnlyList<MinibatchResult> Run(PolicyTrainer trainer, DecoderModel? reference, CancellationToken cancellation)
    {
        var learning = spec.Learning;
        var minibatches = PackingPlan.Minibatches(batch.Groups, _accumulates ? int.MaxValue : learning.MinibatchRows, _normalisation, Seeds.For(spec.Seed, $"minibatches/{step}"));
        var settings = new OptimiserSettings(learning.Beta1, learning.Beta2, learning.WeightDecay, learning.GradNorm);
        var rule = new UpdateRule(ObjectiveFactory.Of(learning), spec.Sampling.Temperature, reference, Recomputation.Of(learning.Recompute));
        var rate = LearningRateSchedule.At(learning, step, spec.Steps);
        var results = new List<MinibatchResult>();
        foreach (var minibatch in Corrected(minibatches, trainer, rule, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            results.Add(_accumulates ? trainer.Accumulate(minibatch, rule, Size) : trainer.Update(minibatch, rule, rate, settings));
            if (results[^1].SkipReason is { } reason) _skipped.Add(new SkippedUpdate(results.Count, reason, RolloutsOf(minibatch)));
        }

        _updates = results.Count - _skipped.Count;
        if (_accumulates) CloseStep(trainer, rate, settings);
        return results;
    }

    /// <summary>What the step's rows count for among those of other steps.</summary>
    private double Size => _normalisation.Normalisation == LossNormalisation.Token
        ? batch.RolloutTokens
        : _normalisation.Size([.. batch.Groups.Select(group => group.Rows.Select(row => row.CompletionIds.Length).ToArray())]);

    private void CloseStep(PolicyTrainer trainer, double rate, OptimiserSettings settings)
    {
        if (batch.Groups.Count == 0) trainer.Accumulated.AddNothing(Size);
        _updates = GradientAccumulation.IsDue(spec.Learning, step, spec.Steps) && trainer.UpdateByAccumulated(rate, settings) ? 1 : 0;
        _accumulatedRows = trainer.Accumulated.Rows;
    }

    /// <summary>As they are, unless the spec wants them corrected for the policy that sampled them.</summary>
    private IReadOnlyList<IReadOnlyList<PackedGroup>> Corrected(IReadOnlyList<IReadOnlyList<PackedGroup>> minibatches, PolicyTrainer trainer, UpdateRule rule, CancellationToken cancellation)
    {
        if (_correction is not { } correction) return minibatches;
        return [.. minibatches.Select(minibatch =>
        {
            cancellation.ThrowIfCancellationRequested();
            var logProbs = trainer.LogProbs(minibatch, rule);
            return correction.Correct(minibatch, row => logProbs[row]);
        })];
    }

    private static IReadOnlyList<SkippedRollouts> RolloutsOf(IReadOnlyList<PackedGroup> minibatch) =>
        [.. minibatch.Where(group => group.Task is not null).Select(group => new SkippedRollouts(group.Task!.Value, [.. group.Rows.Select(row => row.Row.Index)]))];

    public LearningSummary Summary(IReadOnlyList<MinibatchResult> results, double seconds)
    {
        var sum = results.Aggregate(MinibatchResult.Empty, MinibatchResult.Add);
        double learnt = Math.Max(1, results.Count - sum.Skipped), predictions = Math.Max(1, sum.Predictions);
        return new LearningSummary
        {
            Step = step,
            Version = new PolicyVersion(step),
            Rows = batch.Groups.Sum(group => group.Rows.Count),
            PackedTokens = sum.PackedTokens,
            RowTokens = batch.Groups.Sum(group => group.Rows.Sum(row => (long)group.PromptIds.Length + row.CompletionIds.Length - 1)),
            Updates = _updates,
            AccumulatedRows = _accumulatedRows,
            SkippedUpdates = sum.Skipped,
            Skipped = _skipped,
            Loss = sum.Loss / learnt,
            GradientNorm = sum.GradientNorm / learnt,
            ClipFraction = sum.Clipped / predictions,
            Entropy = sum.EntropySum / predictions,
            ReferenceKl = spec.Learning.KlCoefficient > 0 ? sum.ReferenceKlSum / predictions : null,
            TruncatedFraction = _correction?.TruncatedFraction,
            MaxLogProbMismatch = _correction?.MaxMismatch ?? (results.Count == 0 ? 0 : results[0].MaxMismatch),
            Seconds = seconds,
        };
    }
}
