using System.Globalization;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Cli.Up;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Piping;

/// <summary>A step through real processes, median over the steps; times in seconds.</summary>
/// <param name="Rollout">From the plan to the last work item's collection.</param>
/// <param name="Busiest">Generation of the worker that had most of it: below this no rollout phase can be.</param>
/// <param name="IdleShare">Of the workers' time in the rollout phase.</param>
/// <param name="Overhead">What the step took beyond <paramref name="Busiest"/> and <paramref name="Learning"/>: queues, blobs, planning, collecting, publishing.</param>
/// <param name="OverheadShareOf10s">Of a step that takes 10 s.</param>
internal sealed record PipelineCase(
    int Workers, int Steps, int RolloutsPerStep, double TokensPerStep, double Step, double Rollout, double Busiest, double IdleShare, double Learning, double Overhead,
    [property: JsonPropertyName("overheadShareOf10s")] double OverheadShareOf10s);

/// <summary>
/// Runs the same spec on deployments of this machine that differ in their number of workers, each worker with one work item and one
/// thread. The tokens are noise (a high temperature), so that completions are long and nothing is learnt: what is timed is the pipeline.
/// </summary>
internal sealed class DeploymentBenchmark(int steps, int rolloutsPerTask, int minTokens, TimeProvider time, Action<string> report)
{
    /// <summary>In tokens: what the context of the example's policy leaves to its prompts' answers.</summary>
    public const int LongestCompletion = 48;

    private const double LongStep = 10;

    public async Task<PipelineCase> RunAsync(int workers, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("knapsack-bench-").FullName;
        try
        {
            report(string.Create(CultureInfo.InvariantCulture, $"{workers} worker(s): {steps} steps"));
            await using var azurite = await AzuriteProcess.StartAsync(location: null, log: null, cancellation).ConfigureAwait(false);
            var plan = new DeploymentPlan(workers, Learner: true, LoopbackPorts.Free(1)[0], folder, Data: null) { ItemsPerWorker = 1, ConnectionString = azurite.ConnectionString };
            await using var deployment = new LocalDeployment(plan, time);
            await deployment.StartAsync(report, cancellation).ConfigureAwait(false);
            using var control = new ControlPlaneClient(deployment.Address, time);
            var run = await control.StartAsync(Spec(), cancellation).ConfigureAwait(false);
            await control.FollowAsync(run, () => deployment.Failure, cancellation).ConfigureAwait(false);
            var timeline = StepTimeline.Read(Lines(deployment.Hosts[0].LogPath), run);
            var store = new BlobRunStore(new BlobContainerClient(azurite.ConnectionString, "knapsack"), blockBytes: 1 << 20);
            return await SumUpAsync(workers, RunId.Parse(run), timeline, store, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Items enough for both of two workers to end together; of noise no group is mixed, so that the learner only publishes.</summary>
    private string Spec() => string.Create(CultureInfo.InvariantCulture, $$"""
        { "name": "bench", "seed": 1, "steps": {{steps}},
          "model": { "source": "warmup:arithmetic?target=0.02" },
          "tasks": { "source": "arithmetic:add5?pool=64&heldOut=1", "perStep": 64 },
          "allocation": { "policy": "uniform", "scope": "batch", "rolloutsPerTask": {{rolloutsPerTask}}, "min": 2, "max": {{rolloutsPerTask}} },
          "sampling": { "temperature": 100, "minTokens": {{minTokens}}, "maxTokens": {{LongestCompletion}} },
          "splitting": { "minItems": 8 },
          "evaluation": { "every": 0 } }
        """);

    private static async Task<PipelineCase> SumUpAsync(int workers, RunId run, StepTimeline timeline, IRunStore store, CancellationToken cancellation)
    {
        var blobs = new RunBlobs(store, new ParquetRecordFormat());
        var seen = new List<PipelineCase>();
        // The first step fetches the policy for the first time.
        for (var step = 2; timeline.Of(step) is { } times; step++)
        {
            var plan = await blobs.RequirePlanAsync(run, step, cancellation).ConfigureAwait(false);
            var items = new List<IReadOnlyList<RolloutOutcome>>();
            foreach (var item in plan.Items) items.Add((await blobs.ReadOutcomesAsync(run, step, item.Id, cancellation).ConfigureAwait(false))!);
            var busy = items.GroupBy(rows => rows[0].Worker).Select(worker => worker.Sum(rows => rows.Sum(row => row.GenerationSeconds))).ToList();
            var learning = (await blobs.ReadLearningAsync(run, step, cancellation).ConfigureAwait(false))!.Seconds;
            var overhead = times.Step - busy.Max() - learning;
            seen.Add(new PipelineCase(
                workers, 1, items.Sum(rows => rows.Count), items.Sum(rows => rows.Sum(row => row.CompletionTokens)), times.Step, times.Rollout, busy.Max(),
                1 - (busy.Sum() / (workers * times.Rollout)), learning, overhead, overhead / LongStep));
        }

        return Median(seen);
    }

    /// <summary>Of a file that is still being written.</summary>
    private static List<string> Lines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line) lines.Add(line);
        return lines;
    }

    private static PipelineCase Median(List<PipelineCase> steps)
    {
        return steps[0] with
        {
            Steps = steps.Count,
            TokensPerStep = Of(one => one.TokensPerStep),
            Step = Of(one => one.Step),
            Rollout = Of(one => one.Rollout),
            Busiest = Of(one => one.Busiest),
            IdleShare = Of(one => one.IdleShare),
            Learning = Of(one => one.Learning),
            Overhead = Of(one => one.Overhead),
            OverheadShareOf10s = Of(one => one.OverheadShareOf10s),
        };

        double Of(Func<PipelineCase, double> value) => steps.Select(value).Order().ElementAt(steps.Count / 2);
    }
}
