using System.ComponentModel.DataAnnotations;

namespace KnapsackCloud.GpuWorker;

/// <summary>What a worker computes on.</summary>
public enum WorkerDevice
{
    /// <summary>A GPU where there is one.</summary>
    Auto,
    Cpu,
    /// <summary>A GPU; without one the worker refuses to start rather than crawl.</summary>
    Cuda,
}

/// <summary>Settings of a worker, section <c>Worker</c> of the configuration.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>Default auto.</summary>
    public WorkerDevice Device { get; set; } = WorkerDevice.Auto;

    /// <summary>Work items in hand at once, each with an engine and a thread of its own. Default 0: one a core, or one on a GPU.</summary>
    [Range(0, 1024)]
    public int Items { get; set; }

    /// <summary>Threads inside the tensor operations of one engine. Default 1.</summary>
    [Range(1, 1024)]
    public int Threads { get; set; } = 1;

    /// <summary>The worker ends when there was no work for so long; 0, the default, is never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IdleExit { get; set; }

    /// <summary>Policies loaded at once. Default 2: the current one and the one before, whose last items may still be in work.</summary>
    [Range(1, 16)]
    public int KeptPolicies { get; set; } = 2;

    /// <summary>Local copies of policies, shared by no one else while this process lives. Default: the system's folder for temporary files.</summary>
    public string? CacheFolder { get; set; }

    /// <summary>Name in trajectories, for people. Default: machine and process id.</summary>
    [RegularExpression("^[A-Za-z0-9._/-]{1,100}$", ErrorMessage = "Name is 1 to 100 of A-Z, a-z, 0-9, '.', '_', '/' and '-'")]
    public string? Name { get; set; }
}
