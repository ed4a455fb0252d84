using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Computes the next logits of the first rows of a cache, which it was made for. One thread at a time uses it.</summary>
internal interface IDecoder : IDisposable
{
    /// <summary>Logits [R, V] after one more token in every row, whose keys and values are added to the cache. Valid until the next call; the caller disposes them.</summary>
    /// <param name="rows">R, the first rows of the cache.</param>
    Tensor Decode(DecodeRow[] rows);

    /// <summary>
    /// Logits [P, V] after the last token of each prompt, whose keys and values are written to the cache. Valid until the next call; the
    /// caller disposes them.
    /// </summary>
    /// <param name="prompts">P, in order of length.</param>
    Tensor Prefill(IReadOnlyList<PlacedPrompt> prompts, CancellationToken cancellation);

    /// <summary>Calls other work with every number below the count, on the threads that decode: any more would be in their way. Throws what one of the calls threw.</summary>
    void Divide(int count, Action<int> work);
}

/// <summary>A prompt, and the rows of the cache that get it: one or more.</summary>
internal readonly record struct PlacedPrompt(IReadOnlyList<int> TokenIds, int[] Rows);

/// <summary>What a row of the cache gets next.</summary>
/// <param name="Length">Tokens that the row has in the cache; its new token is written there.</param>
/// <param name="Prompt">Rows of one prompt have the same keys and values in their first slots.</param>
/// <param name="PromptLength">So many slots; up to the length.</param>
internal readonly record struct DecodeRow(int Token, int Length, int Prompt, int PromptLength);
