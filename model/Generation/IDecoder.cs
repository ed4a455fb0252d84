using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Computes the next logits of the first rows of a cache, which it was made for. One thread at a time uses it.</summary>
internal interface IDecoder : IDisposable
{
    /// <summary>Logits [R, V] after one more token in every row, whose keys and values are added to the cache. Valid until the next call; the caller disposes them.</summary>
    /// <param name="tokens">One a row: R, the first rows of the cache.</param>
    /// <param name="lengths">Tokens that each row has in the cache; its new token is written there.</param>
    Tensor Decode(long[] tokens, int[] lengths);
}
