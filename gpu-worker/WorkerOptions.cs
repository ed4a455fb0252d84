using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Adapters.Processes;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.GpuWorker;

/// <summary>Settings of a worker, section <c>Worker</c> of the configuration.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>Default auto: a GPU where there is one. Asked for cuda, a worker without a GPU refuses to start rather than crawl.</summary>
    public DeviceChoice Device { get; set; } = DeviceChoice.Auto;

    /// <summary>Of weights and cache: f32, or bf16, which is faster and rounds otherwise than the learner. Default auto: bf16 on a GPU, and on a CPU with AVX-512 from a hidden size of 128 up.</summary>
    public GenerationPrecision Precision { get; set; } = GenerationPrecision.Auto;

    /// <summary>Work items generated at once, each with an engine and a thread of its own; one more is fetched or written meanwhile. Default 0: one a core, or one on a GPU.</summary>
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

    /// <summary>Folder of programs that score answers: the verifier <c>external:NAME</c> of a spec is the program NAME in it. Default: there are none.</summary>
    public string? VerifierFolder { get; set; }

    /// <summary>How long such a program may take for one answer. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan VerifierTime { get; set; } = VerifierLimits.Default.Time;

    /// <summary>Address space of each of its processes, in MiB; held on Linux. Default 4096.</summary>
    [Range(16, 1 << 20)]
    public int VerifierMebibytes { get; set; } = (int)(VerifierLimits.Default.MemoryBytes >> 20);

    /// <summary>Name in trajectories, for people. Default: machine and process id.</summary>
    [RegularExpression("^[A-Za-z0-9._/-]{1,100}$", ErrorMessage = "Name is 1 to 100 of A-Z, a-z, 0-9, '.', '_', '/' and '-'")]
    public string? Name { get; set; }
}
