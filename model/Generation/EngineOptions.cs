using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>What one engine may use. None of it changes which tokens a rollout gets, but for rounding.</summary>
public sealed record EngineOptions
{
    /// <summary>Smaller models are read from the core's own caches whatever their precision.</summary>
    private const int LeastHiddenSizeOfBF16 = 128;

    private const long LeastCacheBytes = 1L << 30;
    private const long UnknownGpuCacheBytes = 8L << 30;

    /// <summary>Asked once: what engines have taken since is theirs to take again, but no longer free.</summary>
    private static readonly Lazy<long> GpuCacheBytes = new(() => ShareOfGpu(CudaDriver.FreeBytes()));

    private readonly long? _cacheBytes;

    /// <summary>Threads inside tensor operations. 1 is best with an engine per core; a single engine of a large model wants all cores.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Of weights and cache in memory: float32 (f32), or bfloat16 (bf16) with half the bytes and another rounding. Logits are float32 when a token is drawn.</summary>
    public GenerationPrecision Precision { get; init; } = GenerationPrecision.Auto;

    /// <summary>Rollouts generated at once.</summary>
    public int MaxRows { get; init; } = 1024;

    /// <summary>
    /// Bytes beside the model: keys, values, logits, and what prompts need while they are computed; at least one rollout runs whatever
    /// its size. Where memory does not suffice after all, half as many rollouts go on. Default on CPUs: a quarter of what this process may have, shared by as many engines as fill the cores; on a GPU
    /// half of what is free when the first engine asks, once its model is there, or 8 GiB where the driver does not say; 1 GiB at least.
    /// </summary>
    public long CacheBytes { get => _cacheBytes ?? DefaultCacheBytes; init => _cacheBytes = value; }

    /// <summary>Prompt tokens, padding included, in one forward pass at most; at least one prompt runs whatever its length.</summary>
    public int PrefillTokens { get; init; } = 4096;

    /// <summary>The precision that a model is to be loaded in.</summary>
    public ScalarType WeightType(ModelConfig config) => Precision switch
    {
        GenerationPrecision.F32 => ScalarType.Float32,
        GenerationPrecision.BF16 => ScalarType.BFloat16,
        _ => ComputeDevice.IsGpu || (config.HiddenSize >= LeastHiddenSizeOfBF16 && CpuKernels.Support(config)) ? ScalarType.BFloat16 : ScalarType.Float32,
    };

    private long DefaultCacheBytes => ComputeDevice.IsGpu
        ? GpuCacheBytes.Value
        : Math.Max(LeastCacheBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * Math.Min(Threads, Environment.ProcessorCount) / Environment.ProcessorCount);

    /// <summary>A learner in the same process, or one that starts later, has the other half.</summary>
    /// <param name="free">Bytes, or null when they are not known.</param>
    internal static long ShareOfGpu(long? free) => free is { } bytes ? Math.Max(LeastCacheBytes, bytes / 2) : UnknownGpuCacheBytes;

    /// <summary>Called with the number of places before anything is computed: tests inject faults.</summary>
    internal Action<int>? BeforeStep { get; init; }
}

public enum GenerationPrecision
{
    /// <summary>bf16 on GPUs, and on CPUs from a hidden size of 128 up where the kernels for CPUs decode; f32 elsewhere.</summary>
    Auto,
    F32,
    BF16,
}
