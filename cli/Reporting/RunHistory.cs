using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>Everything a report says about a run, read back from its store.</summary>
internal sealed record RunHistory(RunSpec Spec, RunStatus Status, IReadOnlyList<StepSummary> Steps, IReadOnlyList<LearningSummary> Learning, IReadOnlyList<StepTiming> Timings)
{
    private const int MostPlans = 200;

    /// <summary>Steps that rolled out training tasks; the closing step only evaluates.</summary>
    public IReadOnlyList<StepSummary> TrainingSteps { get; } = [.. Steps.Where(step => step.Groups > 0)];

    public IReadOnlyList<(int Version, EvaluationSummary Evaluation)> Evaluations { get; } =
        [.. Steps.Where(step => step.Evaluation is not null).Select(step => (step.Policy.Value, step.Evaluation!))];

    /// <summary>Where the rollouts went; of a long run every n-th step. Empty unless <see cref="WithAllocationsAsync"/> read it.</summary>
    public IReadOnlyList<AllocationBuckets> Allocations { get; private init; } = [];

    /// <summary>With what the plans say: far more to read than all the rest.</summary>
    public async Task<RunHistory> WithAllocationsAsync(IRunStore store, CancellationToken cancellation)
    {
        var blobs = new RunBlobs(store, new ParquetRecordFormat());
        var every = Math.Max(1, TrainingSteps.Count / MostPlans);
        var allocations = new List<AllocationBuckets>();
        foreach (var step in TrainingSteps.Where((_, i) => i % every == 0))
        {
            if (await blobs.ReadPlanAsync(Status.Id, step.Step, cancellation).ConfigureAwait(false) is { } plan) allocations.Add(AllocationBuckets.Of(plan));
        }

        return this with { Allocations = allocations };
    }

    public static async Task<RunHistory> ReadAsync(IRunStore store, RunId run, IReadOnlyList<StepTiming> timings, CancellationToken cancellation)
    {
        var spec = await ReadTextAsync(store, BlobNames.Spec(run), cancellation).ConfigureAwait(false);
        var status = await StoredRuns.ReadAsync(store, BlobNames.Status(run), ContractsJson.Default.RunStatus, cancellation).ConfigureAwait(false);
        if (spec is null || status is null) throw new InvalidInputException("run", $"there is no run '{run}' in this store");
        var steps = new List<StepSummary>();
        var learning = new List<LearningSummary>();
        // One beyond the last finished step: the closing step has a summary and no policy of its own.
        for (var step = 1; step <= status.Step + 1; step++)
        {
            if (await StoredRuns.ReadAsync(store, BlobNames.Summary(run, step), ContractsJson.Default.StepSummary, cancellation).ConfigureAwait(false) is { } summary) steps.Add(summary);
            if (await StoredRuns.ReadAsync(store, BlobNames.Learning(run, step), ContractsJson.Default.LearningSummary, cancellation).ConfigureAwait(false) is { } learned) learning.Add(learned);
        }

        return new RunHistory(RunSpecReader.Read("spec.json", spec), status, steps, learning, timings);
    }

    private static async Task<string?> ReadTextAsync(IRunStore store, BlobName name, CancellationToken cancellation) =>
        await store.ReadAsync(name, cancellation).ConfigureAwait(false) is { } blob ? System.Text.Encoding.UTF8.GetString(blob.Content.Span) : null;
}
