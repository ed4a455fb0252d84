using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using Microsoft.Extensions.Configuration;

namespace KnapsackCloud.Hosting;

/// <summary>Where runs are kept and how work travels.</summary>
public enum StoreKind
{
    /// <summary>A folder, with queues in the memory of this process.</summary>
    Embedded,
    /// <summary>An emulator on this machine, by connection string.</summary>
    Local,
    /// <summary>Azure, with the identity of the process.</summary>
    Azure,
}

/// <summary>
/// What every host needs to know, from the section <c>Knapsack</c> of the configuration: <c>appsettings.json</c>, the
/// environment (<c>Knapsack__Store=azure</c>) and the command line (<c>--Knapsack:Store=azure</c>), the later one first.
/// </summary>
public sealed class KnapsackOptions : IValidatableObject
{
    public const string Section = "Knapsack";
    private const string EmulatorAtItsPorts = "UseDevelopmentStorage=true";
    private static readonly TimeSpan LocalPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LocalPauseWithBells = TimeSpan.FromSeconds(1);

    /// <summary>Default local.</summary>
    public StoreKind Store { get; set; } = StoreKind.Local;

    /// <summary>Folder of the embedded store. Default .knapsack.</summary>
    [Required]
    public string Folder { get; set; } = ".knapsack";

    /// <summary>Blobs, and queues where no Service Bus is given. Left out, local is the emulator at its usual ports.</summary>
    public StorageOptions? Storage { get; set; }

    /// <summary>The queues' namespace. Left out, the queues are those of the storage account.</summary>
    public ServiceBusOptions? ServiceBus { get; set; }

    /// <summary>How storage queues are polled. A look at an emulator is not paid for, so that local pauses 100 ms at most; 1 s where a bell tells of messages.</summary>
    public StorageQueueOptions StorageQueue { get; set; } = new();

    /// <summary>Leases and retries.</summary>
    public PumpOptions Pump { get; set; } = new();

    /// <exception cref="InvalidInputException">Lists every setting that is wrong, by its name.</exception>
    public static KnapsackOptions Read(IConfiguration configuration)
    {
        var options = SettingsReader.Read<KnapsackOptions>(configuration, Section);
        if (options.Store != StoreKind.Local) return options;
        options.Storage ??= new StorageOptions { ConnectionString = EmulatorAtItsPorts };
        if (configuration[$"{Section}:{nameof(StorageQueue)}:{nameof(StorageQueueOptions.LongestPause)}"] is null)
            options.StorageQueue.LongestPause = options.StorageQueue.Bells is null ? LocalPause : LocalPauseWithBells;
        return options;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Store == StoreKind.Local && Storage is { ConnectionString: null or "" })
            yield return new ValidationResult($"is local, which needs {nameof(Storage)}:{nameof(StorageOptions.ConnectionString)}; leave {nameof(Storage)} out for the emulator at its usual ports", [nameof(Store)]);
        if (Store == StoreKind.Azure && Storage is not { AccountName.Length: > 0 })
            yield return new ValidationResult($"is azure, which needs {nameof(Storage)}:{nameof(StorageOptions.AccountName)}", [nameof(Store)]);
    }
}
