using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Makes rollouts of another policy fit to learn from: each row gets the log-probs of the policy that is about to be updated, and the
/// weights that make up for the difference. Costs a forward pass over the step; every minibatch is done before the first update.
/// </summary>
internal sealed class BehaviourCorrection(LearningSpec learning)
{
    private long _tokens;
    private long _truncated;

    /// <summary>Largest absolute difference between the two policies' log-probs of a token.</summary>
    public double MaxMismatch { get; private set; }

    /// <summary>Share of tokens whose weight met the bound.</summary>
    public double TruncatedFraction => (double)_truncated / Math.Max(1, _tokens);

    /// <summary>The same groups with corrected rows.</summary>
    /// <param name="logProbsOf">Of a row's tokens under the policy before the update.</param>
    public IReadOnlyList<PackedGroup> Correct(IReadOnlyList<PackedGroup> minibatch, Func<TrainingRow, float[]> logProbsOf) =>
        [.. minibatch.Select(group => group with { Rows = [.. group.Rows.Select(row => row with { Row = Correct(row.Row, logProbsOf(row.Row)) })] })];

    private TrainingRow Correct(TrainingRow row, float[] logProbs_T)
    {
        var cap = learning.ImportanceCap ?? throw new InvalidOperationException("the spec wants no correction");
        var weights_T = ImportanceWeights.Of(logProbs_T, row.LogProbs, cap, learning.Loss == LossPresets.Gspo, out var truncated);
        (_tokens, _truncated) = (_tokens + weights_T.Length, _truncated + truncated);
        MaxMismatch = logProbs_T.Zip(row.LogProbs, (own, behaviour) => Math.Abs((double)own - behaviour)).Where(double.IsFinite).Append(MaxMismatch).Max();
        return row with { LogProbs = logProbs_T, Importance = weights_T };
    }
}
