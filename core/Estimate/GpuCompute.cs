using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Estimate;

/// <summary>What a model costs to run.</summary>
/// <param name="Parameters">Weights, the embedding matrix among them.</param>
/// <param name="CacheValues">Keys and values of one token in all layers.</param>
public sealed record ModelOutline(long Parameters, int Layers, long CacheValues);

/// <summary>A GPU by its maker's data sheet.</summary>
/// <param name="Flops">Peak float32 multiply-adds, counted as two, a second.</param>
/// <param name="Bandwidth">Bytes of its memory a second.</param>
/// <param name="Memory">Bytes.</param>
public sealed record GpuProfile(string Name, double Flops, double Bandwidth, double Memory)
{
    /// <summary>Those of Azure Container Apps: NVIDIA T4 (16 GB) and A100 (80 GB, PCIe).</summary>
    public static IReadOnlyList<GpuProfile> All { get; } =
    [
        new("t4", 8.1e12, 320e9, 16e9),
        new("a100", 19.5e12, 1_935e9, 80e9),
    ];
}

/// <summary>
/// The roofline of a decoder on a GPU. With P parameters, B rows at once and c tokens of context, one token for every row takes
/// <code>max((P + B c CacheValues) BytesPerValue / Bandwidth, 2 P B / Flops) / Efficiency + Layers KernelsPerLayer LaunchSeconds</code>
/// A prompt token takes 2 P operations, a learned token 6 P (forward, and twice that backward; Kaplan et al. 2020, arXiv 2001.08361).
/// </summary>
public sealed class GpuCompute : IComputeModel
{
    /// <summary>Weights, activations and cache are float32.</summary>
    private const double BytesPerValue = 4;
    /// <summary>Share of a data sheet's peak that is reached.</summary>
    private const double Efficiency = 0.5;
    private const int KernelsPerLayer = 16;
    private const double LaunchSeconds = 8e-6;
    /// <summary>A learner's weights, gradients and two optimiser states.</summary>
    private const double TrainingBytesPerParameter = 4 * BytesPerValue;
    /// <summary>Share of the memory for weights and cache, or for training.</summary>
    private const double UsableMemory = 0.8;
    /// <summary>Messages, blobs and the planner, between a step's rollouts and the next step's.</summary>
    private const double StepOverheadSeconds = 2;
    private const int MostRows = 1024;

    private readonly ModelOutline _model;
    private readonly GpuProfile _gpu;

    /// <exception cref="InvalidInputException">The learner has no room for the model on this GPU.</exception>
    public GpuCompute(ModelOutline model, GpuProfile gpu)
    {
        (_model, _gpu) = (model, gpu);
        var training = model.Parameters * TrainingBytesPerParameter;
        if (training > gpu.Memory * UsableMemory)
            throw new InvalidInputException("--gpu", FormattableString.Invariant($"weights, gradients and optimiser state take {training / 1e9:0.#} GB, and a {gpu.Name} has {gpu.Memory / 1e9:0} GB; take a larger GPU or a smaller model"));
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
        var prompts = work.Groups / workers * work.PromptTokens * 2 * _model.Parameters / (_gpu.Flops * Efficiency);
        return prompts + (waves * length * RoundSeconds(rows, work.PromptTokens + (length / 2)));
    }

    public double SecondsLearning(StepWork work)
    {
        if (work.Rollouts == 0) return 0;
        // Of a mixed group the prompt is computed once for all of its completions.
        var prompts = work.Groups * work.LearnedTokens / Math.Max(1, work.Tokens) * work.PromptTokens;
        return (work.LearnedTokens + prompts) * 6 * _model.Parameters / (_gpu.Flops * Efficiency);
    }

    /// <summary>As many as there are and as the cache holds; at least one.</summary>
    private double Rows(double rollouts, double context)
    {
        var cache = (_gpu.Memory * UsableMemory) - (_model.Parameters * BytesPerValue);
        var fit = cache / (context * _model.CacheValues * BytesPerValue);
        return Math.Max(1, Math.Min(rollouts, Math.Min(MostRows, Math.Floor(fit))));
    }

    private double RoundSeconds(double rows, double context)
    {
        var reading = (_model.Parameters + (rows * context * _model.CacheValues)) * BytesPerValue / _gpu.Bandwidth;
        var computing = 2 * _model.Parameters * rows / _gpu.Flops;
        return (Math.Max(reading, computing) / Efficiency) + (_model.Layers * KernelsPerLayer * LaunchSeconds);
    }
}
