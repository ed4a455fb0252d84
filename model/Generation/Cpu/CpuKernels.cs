using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Whether and how the kernels for CPUs decode a model.</summary>
internal static class CpuKernels
{
    /// <summary>So many rows pay for reading the weights. More are no faster, and slower once what they cached is far from the core.</summary>
    private const int EnoughRows = 64;

    /// <summary>Of prompts, in one pass.</summary>
    public const int PromptTokens = 96;

    private const long NearBytes = 4 << 20;

    /// <summary>Whether this processor, and sizes and precision of this model, are those that the kernels are written for, and memory holds the weights twice.</summary>
    public static bool Support(DecoderModel model) => Support(model, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    internal static bool Support(DecoderModel model, long memoryBytes) =>
        Support(model.Config) && model.Embedding_VxD.dtype is ScalarType.Float32 or ScalarType.BFloat16 &&
        2 * model.Parameters.Sum(parameter => parameter.numel() * parameter.ElementSize) <= memoryBytes &&
        AreHere(model, model.Embedding_VxD.dtype);

    /// <summary>Whether all weights are of a precision, and in the processor's memory number by number.</summary>
    public static bool AreHere(DecoderModel model, ScalarType precision) =>
        model.Parameters.All(parameter => parameter.dtype == precision && parameter.device_type == TorchSharp.DeviceType.CPU && parameter.is_contiguous());

    /// <summary>Whether this processor and a model's sizes are those that the kernels are written for.</summary>
    public static bool Support(ModelConfig config) =>
        Tiles.IsSupported && new[] { config.HiddenSize, config.IntermediateSize, config.HeadDim }.All(size => size % Tiles.Lanes == 0);

    /// <summary>Of a model that they support.</summary>
    /// <param name="cache">Of the weights' precision.</param>
    public static IDecoder Decoder(DecoderModel model, KeyValueCache cache, int threads) => model.Embedding_VxD.dtype == ScalarType.Float32
        ? new CpuDecoder<float>(model, cache, threads)
        : new CpuDecoder<BFloat16>(model, cache, threads);

    /// <summary>
    /// A rollout has keys and values of every layer, its logits, and what the layers compute of its token; that of a prompt's token is
    /// the same. What a thread has of its own is counted for the prompt's tokens, of which there are always as many.
    /// </summary>
    public static DecoderMemory Memory(DecoderModel model, int slots, int threads)
    {
        var config = model.Config;
        long token = sizeof(float) * ((1L + threads) * config.HiddenSize + 2L * config.QuerySize + 2L * config.KeyValueSize + 3L * config.IntermediateSize);
        var row = model.Embedding_VxD.ElementSize * 2L * config.NumHiddenLayers * config.KeyValueSize * slots + sizeof(float) * (long)config.VocabSize + token;
        return new DecoderMemory(row, token, PromptTokens, Math.Max(EnoughRows, NearBytes / row));
    }
}
