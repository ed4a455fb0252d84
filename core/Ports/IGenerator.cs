using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Ports;

/// <summary>One prompt and the seeds of its rollouts: the prompt is computed once and shared among them.</summary>
public sealed record GenerationPrompt(int[] TokenIds, IReadOnlyList<ulong> Seeds)
{
    /// <summary>Longest completion of each rollout, 1 or more, where it is shorter than the sampling's; null: the sampling's for all.</summary>
    public IReadOnlyList<int>? MaxTokens { get; init; }
}

/// <summary>One sampled completion.</summary>
/// <param name="TokenIds">New tokens only, end of sequence included.</param>
/// <param name="LogProbs">Natural logs under the sampling distribution, one per token.</param>
/// <param name="ModelLogProbs">Natural logs of the model at temperature 1 without truncation; the same array when the two distributions are one.</param>
public sealed record Completion(int[] TokenIds, float[] LogProbs, float[] ModelLogProbs, StopReason Stop);

/// <summary>Samples from one policy. Takes and gives token ids; text it makes only to see the sampling's stop texts.</summary>
public interface IGenerator
{
    /// <summary>
    /// Completions [prompt][seed], in the order given. A rollout's tokens depend on its prompt, its seed and the sampling
    /// alone (up to the rounding of the batch it ran in): same call, same result.
    /// </summary>
    Completion[][] Generate(IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, CancellationToken cancellation);
}

/// <summary>Text to token ids and back. Thread-safe.</summary>
public interface ITokenizer
{
    /// <exception cref="FormatException">The text has a character the vocabulary lacks.</exception>
    int[] Encode(string text);

    /// <summary>A prompt as the model expects it: with the special tokens that go around a text, or as a conversation.</summary>
    /// <exception cref="FormatException">The text has a character the vocabulary lacks, or a conversation is asked of a tokenizer without a chat template.</exception>
    int[] EncodePrompt(string text, PromptFormat format) =>
        format.Chat ? throw new FormatException("the tokenizer has no chat template") : Encode(text);

    /// <summary>Special tokens such as end of sequence are left out.</summary>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>For a sequence whose tokens come one by one: takes the next and gives the text that has become certain, so that no character comes in halves. Single-use, not thread-safe.</summary>
    Func<int, string> StartText() => id => Decode([id]);
}

/// <summary>A policy that was loaded and can generate. Dispose gives it back.</summary>
public interface ILoadedPolicy : IDisposable
{
    IGenerator Generator { get; }
    ITokenizer Tokenizer { get; }
}

/// <summary>Opens policies of a run, verified against their manifest; keeps the last few loaded.</summary>
public interface IPolicyLoader
{
    /// <exception cref="CheckpointException">A file is missing or differs from the manifest.</exception>
    Task<ILoadedPolicy> OpenAsync(RunId run, PolicyVersion version, CancellationToken cancellation);
}

/// <summary>A checkpoint is missing, incomplete or damaged.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : Exception(message, inner);
