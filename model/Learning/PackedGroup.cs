using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Model.Learning;

/// <summary>Rows of one group that go through the model together: their prompt is computed once.</summary>
public sealed record PackedGroup(int[] PromptIds, IReadOnlyList<WeightedRow> Rows)
{
    /// <summary>Null for groups that are no run's.</summary>
    public TaskId? Task { get; init; }
}

/// <param name="TokenWeight">Share of each of the row's tokens in the loss of its minibatch.</param>
public readonly record struct WeightedRow(TrainingRow Row, double TokenWeight)
{
    /// <summary>Tokens the row adds to its prompt: the last completion token is predicted, never read.</summary>
    public int Inputs => Row.CompletionIds.Length - 1;
}
