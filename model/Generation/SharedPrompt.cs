using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>What was computed for a prompt, kept for those of its rollouts that did not find a place yet. L layers, K key-value heads, T tokens, D head size.</summary>
internal sealed class SharedPrompt : IDisposable
{
    private readonly Tensor _keys_L1KTD;
    private readonly Tensor _values_L1KTD;
    private readonly Tensor _logits_1V;

    /// <param name="row">A row of the cache that holds the prompt in its first slots.</param>
    /// <param name="logits_1V">After the prompt's last token.</param>
    public SharedPrompt(int prompt, KeyValueCache cache, int row, int length, Tensor logits_1V)
    {
        Prompt = prompt;
        _keys_L1KTD = Part(cache.Keys_LRKSD);
        _values_L1KTD = Part(cache.Values_LRKSD);
        _logits_1V = logits_1V.clone().DetachFromDisposeScope();

        Tensor Part(Tensor all) => all.narrow(1, row, 1).narrow(3, 0, length).clone().DetachFromDisposeScope();
    }

    public int Prompt { get; }

    /// <summary>Writes the prompt to its rows of the cache. Logits [1, V] after it, owned by the current scope.</summary>
    public Tensor WriteTo(KeyValueCache cache, PlacedPrompt prompt)
    {
        Write(cache.Keys_LRKSD, _keys_L1KTD);
        Write(cache.Values_LRKSD, _values_L1KTD);
        cache.Repeat(prompt);
        return _logits_1V.alias();

        void Write(Tensor all, Tensor part) => all.narrow(1, prompt.Rows[0], 1).narrow(3, 0, part.shape[3]).copy_(part);
    }

    public void Dispose()
    {
        _keys_L1KTD.Dispose();
        _values_L1KTD.Dispose();
        _logits_1V.Dispose();
    }
}
