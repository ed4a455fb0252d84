using System.Text.Json.Serialization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Rewards;

/// <summary>A completion to be scored.</summary>
/// <param name="Task">The task's id, or what stands for it.</param>
/// <param name="Gold">The gold answer, as in the task file.</param>
/// <param name="Completion">The model's text, special tokens left out.</param>
public sealed record Answer(string Task, string Prompt, string Gold, string Completion)
{
    /// <summary>Null where the text alone is known. Programs of the user's are not told.</summary>
    [JsonIgnore]
    public CompletionLength? Length { get; init; }

    /// <param name="maxTokens">The longest completion that was allowed.</param>
    public static Answer Of(TrainingTask task, Completion completion, ITokenizer tokenizer, int maxTokens) =>
        new(task.Id.Value, task.Prompt, task.Gold, tokenizer.Decode(completion.TokenIds)) { Length = new CompletionLength(completion.TokenIds.Length, maxTokens) };
}

/// <param name="Tokens">Of the completion, its end token included; 0 to <paramref name="MaxTokens"/>.</param>
/// <param name="MaxTokens">The longest completion allowed; 1 or more.</param>
public readonly record struct CompletionLength(int Tokens, int MaxTokens);

/// <summary>Scores completions, and may wait for a program of the user's. Thread-safe.</summary>
public interface IScorer
{
    /// <summary>A verdict for each answer, in their order. What cannot be scored is an error among the verdicts, not an exception.</summary>
    Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation);
}
