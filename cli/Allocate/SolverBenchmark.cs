using System.Text.Json.Serialization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Allocate;

/// <summary>One size: times in milliseconds, null where a solver was left out. The difference is against the first peer that found and proved its optimum: positive when ours is worth more.</summary>
internal sealed record SolverCase(
    int Tasks,
    double Budget,
    string Unit,
    [property: JsonPropertyName("ours_ms")] double OursMs,
    [property: JsonPropertyName("dp_ms")] double? DpMs,
    [property: JsonPropertyName("ortools_ms")] double? OrToolsMs,
    [property: JsonPropertyName("ortools_proven")] bool? OrToolsProven,
    [property: JsonPropertyName("objective_relative_difference")] double? ObjectiveRelativeDifference,
    [property: JsonPropertyName("gap")] double Gap);

/// <summary>
/// The allocation solver beside its peers, on the paper's values of distinct random success rates, with the paper's bounds
/// (2 to 128) and 8 rollouts a task. Ours is the whole policy: checks, solve, forecasts and certificate, the median of
/// several after a warm-up; the peers get ready-made values.
/// </summary>
internal sealed class SolverBenchmark(TimeProvider time, TimeSpan peerLimit)
{
    private const int Min = 2;
    private const int Max = 128;
    private const int RolloutsPerTask = 8;
    private const int LargestForDp = 1_024;
    private const int LargestForOrTools = 4_096;
    private const int DearestRollout = 9;
    private const int WarmUpMilliseconds = 500;

    public static IReadOnlyList<int> Sizes { get; } = [256, 1_024, 4_096, 1_000_000];

    public SolverCase Run(int tasks, string unit, CancellationToken cancellation)
    {
        var costs = Enumerable.Range(0, tasks).Select(i => unit == "tokens" ? 1 + (int)(DearestRollout * CounterRandom.UniformAt(2, (ulong)i)) : 1).ToArray();
        var problem = Problem(costs);
        var (ours, allocation) = Ours(problem);
        var values = tasks <= LargestForOrTools ? Array.ConvertAll([.. problem.Tasks], Values) : [];
        cancellation.ThrowIfCancellationRequested();
        double? dpMs = null, orToolsMs = null, peer = null;
        bool? orToolsProven = null;
        if (tasks <= LargestForDp)
        {
            dpMs = Timed(() => TextbookKnapsack.Solve(values, costs, Min, (int)problem.Budget), out var counts);
            peer = counts.Select((n, i) => values[i][n - Min]).Sum();
        }

        cancellation.ThrowIfCancellationRequested();
        if (tasks <= LargestForOrTools)
        {
            orToolsMs = Timed(() => OrToolsKnapsack.Solve(values, costs, problem.Budget - (Min * costs.Sum()), peerLimit), out var found);
            orToolsProven = found?.Proven ?? false;
            if (orToolsProven is true) peer ??= found?.Objective;
        }

        return new SolverCase(tasks, problem.Budget, unit, ours, dpMs, orToolsMs, orToolsProven, (allocation.Certificate.Objective - peer) / peer, allocation.Certificate.Gap);
    }

    private static AllocationProblem Problem(int[] costs) => new()
    {
        Tasks = [.. costs.Select((cost, i) => new TaskEvidence { Task = TaskId.Parse($"task-{i:D7}"), LastSuccessRate = CounterRandom.UniformAt(1, (ulong)i), Cost = cost })],
        Budget = (double)RolloutsPerTask * costs.Sum(),
        Min = Min,
        Max = Max,
    };

    private static double[] Values(TaskEvidence task)
    {
        var curve = ValueCurve.Point(task.LastSuccessRate!.Value);
        return [.. Enumerable.Range(Min, Max - Min + 1).Select(curve.Total)];
    }

    private (double Milliseconds, Allocation Allocation) Ours(AllocationProblem problem)
    {
        var policy = AllocationPolicies.Create("knapsack");
        // The runtime compiles a method anew only once it has run often; a small case would be over before that.
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started).TotalMilliseconds < WarmUpMilliseconds;) policy.Allocate(problem);
        var times = new List<double>();
        for (var i = 0; i < (problem.Tasks.Count > LargestForOrTools ? 5 : 101); i++) times.Add(Timed(() => policy.Allocate(problem), out _));
        times.Sort();
        return (times[times.Count / 2], policy.Allocate(problem));
    }

    private double Timed<T>(Func<T> work, out T result)
    {
        var started = time.GetTimestamp();
        result = work();
        return time.GetElapsedTime(started).TotalMilliseconds;
    }
}
