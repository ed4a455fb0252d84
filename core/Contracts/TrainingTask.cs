namespace KnapsackCloud.Core.Contracts;

/// <summary>A prompt and what its verifier needs to score an answer.</summary>
/// <param name="Family">Tasks of one kind and difficulty share a prior; empty when unknown.</param>
public sealed record TrainingTask(TaskId Id, string Family, string Prompt, string Gold);
