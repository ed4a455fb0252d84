using KnapsackCloud.Core.Ports;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Computes the next logits of the first rows of a cache, which it was made for. One thread at a time uses it.</summary>
internal interface IDecoder : IDisposable
{
    /// <summary>Logits [R, V] after one more token in every row, whose keys and values are added to the cache. Valid until the next call; the caller disposes them.</summary>
    /// <param name="rows">R, the first rows of the cache.</param>
    Tensor Decode(DecodeRow[] rows);

    /// <summary>
    /// Logits [P, V] after the last token of each slice's prompt, each computed once; valid until the next call; the caller disposes them. The slices' rollouts get the
    /// cache's rows from <paramref name="firstRow"/> on, in order.
    /// </summary>
    /// <param name="slices">P, in order of length.</param>
    Tensor Prefill(IReadOnlyList<PromptSlice> slices, IReadOnlyList<GenerationPrompt> prompts, int firstRow, CancellationToken cancellation);
}

/// <summary>What a row of the cache gets next.</summary>
/// <param name="Length">Tokens that the row has in the cache; its new token is written there.</param>
/// <param name="Prompt">Rows of one prompt have the same keys and values in their first slots.</param>
/// <param name="PromptLength">So many slots; up to the length.</param>
internal readonly record struct DecodeRow(int Token, int Length, int Prompt, int PromptLength);
