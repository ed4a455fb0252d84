using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Decoding and prompts on a CPU. A token of a small model takes microseconds: less than the tensor library takes to be called,
/// pack weights and allocate results. Each row's logits are the same, to the last bit, whatever other rows and prompts there are.
/// </summary>
internal sealed unsafe class CpuDecoder : IDecoder
{
    /// <summary>So many rows pay for reading the weights. More are no faster, and slower once what they cached is far from the core.</summary>
    private const int EnoughRows = 64;

    private const long NearBytes = 4 << 20;

    /// <summary>Of prompts, in one pass.</summary>
    private const int PromptTokens = 96;

    private readonly KeyValueCache _cache;
    private readonly ForwardPass _pass;
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
        _pass = new ForwardPass(model, cache, threads, Math.Max(rows, PromptTokens));
        _logits_RV = empty(rows, _vocabulary).DetachFromDisposeScope();
        _logits = TensorMemory.Of(_logits_RV);
    }

    /// <summary>Whether this processor, and sizes and precision of this model, are those that the kernels are written for, and memory holds the weights twice.</summary>
    public static bool Supports(DecoderModel model) => Supports(model, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    internal static bool Supports(DecoderModel model, long memoryBytes) =>
        Tiles.IsSupported && 2 * sizeof(float) * model.Parameters.Sum(parameter => parameter.numel()) <= memoryBytes &&
        model.Parameters.All(parameter => parameter.dtype == ScalarType.Float32 && parameter.device_type == TorchSharp.DeviceType.CPU && parameter.is_contiguous()) &&
        new[] { model.Config.HiddenSize, model.Config.IntermediateSize, model.Config.HeadDim }.All(size => size % Tiles.Lanes == 0);

    /// <summary>Rows to decode at once where as many wait.</summary>
    public static long MostRows(long bytesPerRow) => Math.Max(EnoughRows, NearBytes / bytesPerRow);

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
        foreach (var tokens in prompts.SelectMany(Tokens).Chunk(PromptTokens))
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
