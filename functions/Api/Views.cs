using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Functions.Dashboard;

namespace KnapsackCloud.Functions.Api;

/// <summary>A run as the API shows it.</summary>
/// <param name="State">created, running, paused, completed, failed or cancelled.</param>
/// <param name="Step">Last finished step; 0 before the first.</param>
/// <param name="PolicyVersion">Null until policy 0 is there.</param>
/// <param name="Phase">prepare, plan, rollout, learn, publish, evaluate or done.</param>
/// <param name="Reason">Why the run is paused, failed or cancelled.</param>
internal sealed record RunView(
    string Id, string Name, string State, int Step, int Steps, int? PolicyVersion, string Phase, string? Reason,
    TotalsView Totals, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static RunView Of(RunStatus status, FunctionsOptions options) => new(
        status.Id.Value, status.Name, Lower(status.State), status.Step, status.Steps, status.PolicyVersion?.Value, Lower(status.Phase), status.Reason,
        TotalsView.Of(status.Totals, options), status.CreatedAt, status.UpdatedAt);

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>Sums over the finished steps; training rollouts only.</summary>
/// <param name="Tokens">Completion tokens.</param>
/// <param name="EstimatedUsd">Of the GPU-seconds; null where the machine is not named (<see cref="FunctionsOptions.Gpu"/>).</param>
internal sealed record TotalsView(long Rollouts, long Tokens, double EffectiveGradientRatio, double EffectivePromptRatio, double GpuSeconds, double? EstimatedUsd)
{
    public static TotalsView Of(RunTotals totals, FunctionsOptions options) =>
        new(totals.Rollouts, totals.Tokens, totals.EffectiveGradientRatio, totals.EffectivePromptRatio, totals.GpuSeconds, options.Usd(totals.GpuSeconds));
}

/// <summary>Everything there is of a step yet.</summary>
internal sealed record StepView(int Step, StepPlan? Plan, StepSummary? Summary, LearningSummary? Learning);

/// <summary>A published policy.</summary>
/// <param name="Current">The run's pointer stands on it.</param>
/// <param name="Bytes">Of all files.</param>
internal sealed record PolicyView(int Version, bool Current, long Bytes, IReadOnlyList<CheckpointFile> Files);

/// <param name="Status">ok or failing.</param>
/// <param name="Store">Whether the store answers, or what it says.</param>
/// <param name="Changes">Runs can be started and moved here, not only looked at.</param>
internal sealed record HealthView(string Status, string Store, bool Changes, string Version);

/// <summary>Body of an answer other than success (RFC 9457).</summary>
/// <param name="Type">What kind of problem it is, for programs.</param>
/// <param name="TraceId">To find the request in the log, when the fault is not the caller's.</param>
internal sealed record ProblemView(string Type, string Title, int Status, string Detail, IReadOnlyList<InputError>? Errors, string? TraceId);

/// <summary>What a trigger answers (functions-host contract): outputs of bindings, lines for the host's log.</summary>
internal sealed record InvocationReply(
    [property: JsonPropertyName("Outputs")] IReadOnlyDictionary<string, string> Outputs,
    [property: JsonPropertyName("Logs")] IReadOnlyList<string> Logs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, NumberHandling = JsonNumberHandling.Strict, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(IReadOnlyList<RunView>))]
[JsonSerializable(typeof(StepView))]
[JsonSerializable(typeof(IReadOnlyList<StepSummary>))]
[JsonSerializable(typeof(IReadOnlyList<PolicyView>))]
[JsonSerializable(typeof(RunEvent))]
[JsonSerializable(typeof(IReadOnlyList<CurvePoint>))]
[JsonSerializable(typeof(IReadOnlyList<AllocationBuckets>))]
[JsonSerializable(typeof(ProgressView))]
[JsonSerializable(typeof(StepTasksView))]
[JsonSerializable(typeof(GroupView))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(InvocationReply))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
internal sealed partial class ApiJson : JsonSerializerContext;
