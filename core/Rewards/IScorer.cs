namespace KnapsackCloud.Core.Rewards;

/// <summary>A completion to be scored.</summary>
/// <param name="Task">The task's id, or what stands for it.</param>
/// <param name="Gold">The gold answer, as in the task file.</param>
/// <param name="Completion">The model's text, special tokens left out.</param>
public sealed record Answer(string Task, string Prompt, string Gold, string Completion);

/// <summary>Scores completions, and may wait for a program of the user's. Thread-safe.</summary>
public interface IScorer
{
    /// <summary>A verdict for each answer, in their order. What cannot be scored is an error among the verdicts, not an exception.</summary>
    Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation);
}
