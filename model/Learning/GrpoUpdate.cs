using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Model.Learning;

/// <summary>One step's learning: the minibatches of its groups, one optimiser update each.</summary>
internal sealed class GrpoUpdate(RunSpec spec, int step, IReadOnlyList<TrainingGroup> groups)
{
    /// <summary>Results of the minibatches, in order; none when there are no groups, and then nothing changes.</summary>
    public IReadOnlyList<MinibatchResult> Run(PolicyTrainer trainer, CancellationToken cancellation)
    {
        var learning = spec.Learning;
        var minibatches = PackingPlan.Minibatches(
            groups, learning.MinibatchRows, Objectives.Normalisation(learning), Seeds.For(spec.Seed, $"minibatches/{step}"));
        var settings = new OptimiserSettings(learning.Beta1, learning.Beta2, learning.WeightDecay, learning.GradNorm);
        var objective = Objectives.Loss(learning);
        var results = new List<MinibatchResult>();
        foreach (var minibatch in minibatches)
        {
            cancellation.ThrowIfCancellationRequested();
            results.Add(trainer.Update(minibatch, objective, LearningRate(learning, step), settings, spec.Sampling.Temperature));
        }

        return results;
    }

    public LearningSummary Summary(IReadOnlyList<MinibatchResult> results, double seconds)
    {
        var sum = results.Aggregate(MinibatchResult.Empty, MinibatchResult.Add);
        double updates = Math.Max(1, results.Count), predictions = Math.Max(1, sum.Predictions);
        return new LearningSummary
        {
            Step = step,
            Version = new PolicyVersion(step),
            Rows = groups.Sum(group => group.Rows.Count),
            PackedTokens = sum.PackedTokens,
            RowTokens = groups.Sum(group => group.Rows.Sum(row => (long)group.PromptIds.Length + row.CompletionIds.Length - 1)),
            Updates = results.Count,
            Loss = sum.Loss / updates,
            GradientNorm = sum.GradientNorm / updates,
            ClipFraction = sum.Clipped / predictions,
            Entropy = sum.EntropySum / predictions,
            MaxLogProbMismatch = results.Count == 0 ? 0 : results[0].MaxMismatch,
            Seconds = seconds,
        };
    }

    /// <summary>Rises linearly over the first steps: the moments of AdamW are not yet to be trusted.</summary>
    private static double LearningRate(LearningSpec learning, int step) =>
        learning.LearningRate * Math.Min(1, (double)step / Math.Max(1, learning.WarmupSteps));
}
