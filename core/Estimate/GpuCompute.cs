using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Estimate;

/// <summary>What a model costs to run.</summary>
/// <param name="Parameters">Weights, the embedding matrix among them.</param>
/// <param name="CacheValues">Keys and values of one token in all layers.</param>
public sealed record ModelOutline(long Parameters, int Layers, long CacheValues);

/// <summary>A GPU by its maker's data sheet.</summary>
/// <param name="Flops">Peak float32 multiply-adds, counted as two, a second.</param>
/// <param name="BFloat16Flops">The same of bfloat16; that of float32 where it has no units for them.</param>
/// <param name="Bandwidth">Bytes of its memory a second.</param>
/// <param name="Memory">Bytes.</param>
public sealed record GpuProfile(string Name, double Flops, double BFloat16Flops, double Bandwidth, double Memory)
{
    /// <summary>Those of Azure Container Apps: NVIDIA T4 (16 GB) and A100 (80 GB, PCIe).</summary>
    public static IReadOnlyList<GpuProfile> All { get; } =
    [
        new("t4", 8.1e12, 8.1e12, 320e9, 16e9),
        new("a100", 19.5e12, 312e12, 1_935e9, 80e9),
    ];
}

/// <summary>
/// The roofline of a decoder on a GPU. With P parameters, B rows at once and c tokens of context, one token for every row takes
/// <code>max((P + B c CacheValues) BytesPerValue / Bandwidth, 2 P B / Flops) / Efficiency + Layers KernelsPerLayer LaunchSeconds</code>
/// A prompt token takes 2 P operations, a learned token 6 P (forward, and twice that backward; Kaplan et al. 2020, arXiv 2001.08361), or 4 P
/// where an adapter learns, whose own matrices are not counted. Generation is in bfloat16, as it is on GPUs by default; the learner computes as the spec says.
/// </summary>
public sealed class GpuCompute : IComputeModel
{
    /// <summary>Of weights and cache in generation.</summary>
    private const double BytesPerValue = 2;
    /// <summary>Of each of the learner's numbers, but for the moments.</summary>
    private const double LearnerBytesPerValue = 4;
    /// <summary>Share of a data sheet's peak that is reached.</summary>
    private const double Efficiency = 0.5;
    private const int KernelsPerLayer = 16;
    private const double LaunchSeconds = 8e-6;
    /// <summary>Share of the memory for what a learner keeps for each weight.</summary>
    private const double UsableMemory = 0.8;
    /// <summary>Share of what a worker's model leaves that is for the cache.</summary>
    private const double CacheShare = 0.5;
    /// <summary>Messages, blobs and the planner, between a step's rollouts and the next step's.</summary>
    private const double StepOverheadSeconds = 2;
    private const int MostRows = 1024;

    private readonly ModelOutline _model;
    private readonly GpuProfile _gpu;
    private readonly RunSpec _spec;

    /// <exception cref="InvalidInputException">The learner has no room for the model on this GPU.</exception>
    public GpuCompute(ModelOutline model, GpuProfile gpu, RunSpec spec)
    {
        (_model, _gpu, _spec) = (model, gpu, spec);
        var training = model.Parameters * TrainingBytesPerParameter(spec);
        if (training <= gpu.Memory * UsableMemory) return;
        var cure = spec.Model.Adapter is null ? "take a larger GPU or a smaller model, or train an adapter" : "take a larger GPU or a smaller model";
        throw new InvalidInputException("--gpu", FormattableString.Invariant($"weights, gradients and optimiser state take {training / 1e9:0.#} GB, and a {gpu.Name} has {gpu.Memory / 1e9:0} GB; {cure}"));
    }

    public string Source => FormattableString.Invariant($"roofline of the {_gpu.Name} at {Efficiency:P0} of its data sheet; not measured");

    public double StepOverhead => StepOverheadSeconds;

    public double SecondsGenerating(StepWork work, int workers)
    {
        if (work.Rollouts == 0) return 0;
        var length = work.Tokens / work.Rollouts;
        var rollouts = work.Rollouts / workers;
        var rows = Rows(rollouts, work.PromptTokens + length);
        var waves = rollouts / rows;
        var prompts = work.Groups / workers * work.PromptTokens * 2 * _model.Parameters / (_gpu.BFloat16Flops * Efficiency);
        return prompts + (waves * length * RoundSeconds(rows, work.PromptTokens + (length / 2)));
    }

    public double SecondsLearning(StepWork work)
    {
        if (work.Rollouts == 0) return 0;
        // Of a mixed group the prompt is computed once for all of its completions.
        var prompts = work.Groups * work.LearnedTokens / Math.Max(1, work.Tokens) * work.PromptTokens;
        var flops = _spec.Learning.Precision == LearningPrecision.BFloat16 ? _gpu.BFloat16Flops : _gpu.Flops;
        return (work.LearnedTokens + prompts) * (_spec.Model.Adapter is null ? 6 : 4) * _model.Parameters / (flops * Efficiency);
    }

    public bool AreApart => true;

    /// <summary>Of an adapter, the base and the merged weights. Otherwise weights, the gradients of two shards, and two moments.</summary>
    private static double TrainingBytesPerParameter(RunSpec spec) => spec.Model.Adapter is not null ? 2 * LearnerBytesPerValue : (3 * LearnerBytesPerValue) + spec.Learning.OptimiserStates switch
    {
        OptimiserStates.EightBit => 2,
        OptimiserStates.Host => 0,
        _ => 2 * LearnerBytesPerValue,
    };

    /// <summary>As many as there are and as the cache holds; at least one.</summary>
    private double Rows(double rollouts, double context)
    {
        var cache = (_gpu.Memory - (_model.Parameters * BytesPerValue)) * CacheShare;
        var fit = cache / (context * _model.CacheValues * BytesPerValue);
        return Math.Max(1, Math.Min(rollouts, Math.Min(MostRows, Math.Floor(fit))));
    }

    private double RoundSeconds(double rows, double context)
    {
        var reading = (_model.Parameters + (rows * context * _model.CacheValues)) * BytesPerValue / _gpu.Bandwidth;
        var computing = 2 * _model.Parameters * rows / _gpu.BFloat16Flops;
        return (Math.Max(reading, computing) / Efficiency) + (_model.Layers * KernelsPerLayer * LaunchSeconds);
    }
}
