using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Functions;

/// <summary>Settings of the control plane, from the section <c>Functions</c> of the configuration.</summary>
public sealed class FunctionsOptions : IValidatableObject
{
    public const string Section = "Functions";

    /// <summary>Set by the Functions host for its custom handler: the port to listen on. Goes before <see cref="Port"/>.</summary>
    public const string HostPortVariable = "FUNCTIONS_CUSTOMHANDLER_PORT";

    /// <summary>Port on the loopback address; 0 takes a free one. Default 7071.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 7071;

    /// <summary>Folder in which specs that come over HTTP may name task files and models. Left out, they may name none.</summary>
    public string? Data { get; set; }

    /// <summary>Machine of workers and learner, by its name in the price list (t4, a100): prices the GPU-seconds of runs. Left out, they have no price.</summary>
    public string? Gpu { get; set; }

    /// <summary>Shows the runs of a store that another control plane works on: reads no queue, and starts, moves and mends no run. Default false.</summary>
    public bool LookOnly { get; set; }

    /// <summary>Wait before a failed message is given back to the Functions host, which delivers it again at once. Default 5 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>When a run that stands still is helped.</summary>
    public WatchdogOptions Watchdog { get; set; } = new();

    /// <summary>Whether a Functions host owns queues and timers and calls this process; else it reads the queues itself.</summary>
    internal bool UnderFunctionsHost { get; set; }

    /// <summary>Dollars of so many GPU-seconds; null where no machine is named.</summary>
    internal double? Usd(double gpuSeconds) => string.IsNullOrEmpty(Gpu) ? null : PriceList.Current.UsdOf(Gpu, gpuSeconds);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(Gpu) && PriceList.Current.Gpus.All(gpu => gpu.Name != Gpu))
            yield return new ValidationResult($"'{Gpu}' has no price; there are {string.Join(", ", PriceList.Current.Names)}", [nameof(Gpu)]);
        if (!string.IsNullOrEmpty(Data) && !Directory.Exists(Data)) yield return new ValidationResult($"there is no folder '{Data}'", [nameof(Data)]);
    }
}
