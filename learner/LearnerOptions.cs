using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Learner;

/// <summary>Settings of a learner, section <c>Learner</c> of the configuration.</summary>
public sealed class LearnerOptions
{
    public const string Section = "Learner";

    /// <summary>Default auto: a GPU where there is one. Asked for cuda, a learner without a GPU refuses to start.</summary>
    public DeviceChoice Device { get; set; } = DeviceChoice.Auto;

    /// <summary>Cores to use; the result does not depend on it. Default 0: all, as far as they help.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>The learner ends when there was no work for so long; 0, the default, is never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IdleExit { get; set; }

    /// <summary>Local copies of policies. Default: the system's folder for temporary files.</summary>
    public string? CacheFolder { get; set; }
}
