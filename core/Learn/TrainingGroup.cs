namespace KnapsackCloud.Core.Learn;

/// <summary>The scored rollouts of one task, ready to learn from: rewards differ, advantages are set.</summary>
public sealed record TrainingGroup(int[] PromptIds, IReadOnlyList<TrainingRow> Rows);

/// <param name="CompletionIds">T tokens, end of sequence included.</param>
/// <param name="LogProbs">T behaviour log-probs.</param>
public sealed record TrainingRow(int[] CompletionIds, float[] LogProbs, double Advantage);
