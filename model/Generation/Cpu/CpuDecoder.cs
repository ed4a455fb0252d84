using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Decoding and prompts on a CPU. A token of a small model takes microseconds: less than the tensor library takes to be called,
/// pack weights and allocate results. Each row's logits are the same, to the last bit, whatever other rows and prompts there are.
/// </summary>
/// <typeparam name="T">Of the model's weights and of the cache, as <see cref="Stored"/> reads them.</typeparam>
internal sealed unsafe class CpuDecoder<T> : IDecoder where T : unmanaged
{
    private readonly KeyValueCache _cache;
    private readonly ForwardPass<T> _pass;
    private readonly Tensor _logits_RV;
    private readonly float* _logits;
    private readonly int _vocabulary;
    private readonly int _slots;
    private DecodeRow[] _decoded = [];
    private List<AttentionGroup> _groups = [];

    /// <param name="model">Its weights stay alive and where they are.</param>
    /// <param name="cache">Whose rows are decoded.</param>
    public CpuDecoder(DecoderModel model, KeyValueCache cache, int threads)
    {
        var rows = (int)cache.Keys_LRKSD.shape[1];
        (_cache, _vocabulary, _slots) = (cache, model.Config.VocabSize, (int)cache.Keys_LRKSD.shape[3]);
        _pass = new ForwardPass<T>(model, cache, threads, Math.Max(rows, CpuKernels.PromptTokens));
        _logits_RV = empty(rows, _vocabulary).DetachFromDisposeScope();
        _logits = TensorMemory.Of<float>(_logits_RV);
    }

    /// <inheritdoc/>
    public Tensor Decode(DecodeRow[] rows)
    {
        // From step to step they are mostly the same.
        if (!AttentionGroup.AreOf(rows, _decoded)) (_decoded, _groups) = (rows, AttentionGroup.OfRows(rows));
        _pass.Run(PassTokens.OfRows(rows, _groups), _logits);
        return _logits_RV.narrow(0, 0, rows.Length);
    }

    /// <inheritdoc/>
    public Tensor Prefill(IReadOnlyList<PlacedPrompt> prompts, CancellationToken cancellation)
    {
        var found = 0;
        foreach (var tokens in prompts.SelectMany(Tokens).Chunk(CpuKernels.PromptTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            int[] last = [.. tokens.Index().Where(token => token.Item.IsLast).Select(token => token.Index)];
            _pass.Run(PassTokens.OfPrompts([.. tokens.Select(token => token.Row)], last, _slots), _logits + (nint)found * _vocabulary);
            found += last.Length;
        }

        foreach (var prompt in prompts) _cache.Repeat(prompt);
        return _logits_RV.narrow(0, 0, found);
    }

    /// <inheritdoc/>
    public void Divide(int count, Action<int> work) => _pass.Divide(count, work);

    public void Dispose()
    {
        _pass.Dispose();
        _logits_RV.Dispose();
    }

    /// <summary>A prompt's tokens for the first of its rows, and whether each is its last.</summary>
    private static IEnumerable<(TokenRow Row, bool IsLast)> Tokens(PlacedPrompt prompt) =>
        prompt.TokenIds.Select((id, at) => (new TokenRow(id, prompt.Rows[0], at), at == prompt.TokenIds.Count - 1));
}
