using System.Text.Json;
using System.Text.Json.Serialization;

namespace KnapsackCloud.Core.Estimate;

/// <summary>A GPU replica of Azure Container Apps as a worker or learner takes it.</summary>
/// <param name="PerHour">Of the GPU alone; processors and memory are charged on top.</param>
public sealed record GpuReplica(string Name, double PerHour, double Cpus, double Gibibytes);

/// <summary>What the services of a deployment cost, pay as you go; prices.json beside this file is the one place they are written down.</summary>
/// <param name="Date">Year and month when they were looked up.</param>
public sealed record PriceList(
    string Date, string Currency, IReadOnlyList<GpuReplica> Gpus, double CpuPerHour, double GibibytePerHour,
    double ServiceBusPerMonth, double ServiceBusOperationsIncluded, double ServiceBusPerMillionOperations, double FunctionsPerGibibyteSecond)
{
    private const double HoursPerMonth = 730;
    private const double SecondsPerHour = 3600;
    /// <summary>Memory of a Functions instance.</summary>
    private const double FunctionsGibibytes = 2;
    /// <summary>Send, receive, complete, and a renewal.</summary>
    private const double OperationsPerMessage = 4;
    /// <summary>Plan, learn, checkpoint-ready, and the answer of each work item beside its request.</summary>
    private const double MessagesPerStep = 3;
    private const double MessagesPerItem = 2;

    public static PriceList Current { get; } = Load();

    /// <summary>Of the machines that have a price.</summary>
    public IReadOnlyList<string> Names => [.. Gpus.Select(gpu => gpu.Name)];

    /// <summary>Workers and learner are taken to be there, and charged, from the run's first second to its last.</summary>
    /// <param name="gpu">Name of one of <see cref="Gpus"/>.</param>
    /// <param name="itemsPerStep">Work items.</param>
    public RunPrice Of(RunEstimate estimate, string gpu, double itemsPerStep)
    {
        var (hours, replica) = (estimate.Seconds / SecondsPerHour, ReplicaPerHour(gpu));
        var operations = estimate.Steps * (MessagesPerStep + (MessagesPerItem * itemsPerStep)) * OperationsPerMessage;
        var beyond = Math.Max(0, operations - ServiceBusOperationsIncluded) / 1e6;
        return new RunPrice(
            Workers: estimate.Workers * hours * replica,
            Learner: hours * replica,
            ServiceBus: (hours / HoursPerMonth * ServiceBusPerMonth) + (beyond * ServiceBusPerMillionOperations),
            Functions: estimate.SecondsOther * FunctionsGibibytes * FunctionsPerGibibyteSecond);
    }

    /// <summary>GPU, processors and memory of one replica.</summary>
    public double ReplicaPerHour(string gpu)
    {
        var replica = Gpus.Single(one => one.Name == gpu);
        return replica.PerHour + (replica.Cpus * CpuPerHour) + (replica.Gibibytes * GibibytePerHour);
    }

    /// <summary>Dollars of so many seconds of one replica.</summary>
    public double UsdOf(string gpu, double seconds) => seconds / SecondsPerHour * ReplicaPerHour(gpu);

    private static PriceList Load()
    {
        using var stream = typeof(PriceList).Assembly.GetManifestResourceStream("prices.json")!;
        return JsonSerializer.Deserialize(stream, PriceListJson.Default.PriceList)!;
    }
}

/// <summary>A run's price, in the currency of the list. Storage, logs and network come on top: a few cents for a run, but by the month.</summary>
public sealed record RunPrice(double Workers, double Learner, double ServiceBus, double Functions)
{
    public double Total => Workers + Learner + ServiceBus + Functions;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PriceList))]
internal sealed partial class PriceListJson : JsonSerializerContext;
