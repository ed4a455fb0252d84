using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>What one engine may use. None of it changes which tokens a rollout gets, but for rounding.</summary>
public sealed record EngineOptions
{
    /// <summary>Smaller models are read from the core's own caches whatever their precision.</summary>
    private const int LeastHiddenSizeOfBF16 = 128;

    private readonly long? _cacheBytes;

    /// <summary>Threads inside tensor operations. 1 is best with an engine per core; a single engine of a large model wants all cores.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Of weights and cache in memory: float32 (f32), or bfloat16 (bf16) with half the bytes and another rounding. Logits are float32 when a token is drawn.</summary>
    public GenerationPrecision Precision { get; init; } = GenerationPrecision.Auto;

    /// <summary>Rollouts generated at once.</summary>
    public int MaxRows { get; init; } = 1024;

    /// <summary>
    /// Bytes beside the model: keys, values, logits, and what prompts need while they are computed; at least one rollout runs whatever
    /// its size. Where memory does not suffice after all, half as many rollouts go on. Default on CPUs: a quarter of what this process may have, shared by as many engines as fill the cores, and 1 GiB
    /// at least; on a GPU 8 GiB.
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
        ? 8L << 30
        : Math.Max(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * Math.Min(Threads, Environment.ProcessorCount) / Environment.ProcessorCount);

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
