using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>Updates with numbers that are not finite change nothing, are kept aside and, three steps in a row, pause the run.</summary>
public class SkippedUpdateTests
{
    private readonly InMemoryRunStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_steps_in_a_row_pause_the_run_and_each_resume_tries_one_more()
    {
        using var process = Process(step => step is 2 or 3 or 4 or 5);
        var run = await process.StartAsync(Samples.Spec with { Steps = 7 }, Samples.Training, Samples.Evaluation);

        var paused = await process.RunAsync(run);

        Assert.Equal((RunState.Paused, 4), (paused.State, paused.Step));
        Assert.Equal(
            $"updates were skipped in 3 steps in a row, last because the loss is not a number; runs/{run}/steps/000004/learning.json names the rollouts. "
            + "Start again with a lower learning.learningRate, or from an earlier policy; each resume tries one more step", paused.Reason);
        await process.Control.ResumeAsync(run, Token);
        Assert.Equal((RunState.Paused, 5), (await process.RunAsync(run)) is var again ? (again.State, again.Step) : default);
        await process.Control.ResumeAsync(run, Token);
        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);
    }

    [Fact]
    public async Task A_step_between_that_learns_keeps_the_run_going()
    {
        using var process = Process(step => step is 1 or 2 or 4 or 5);
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);

        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);
    }

    [Fact]
    public async Task What_is_named_are_trajectories_that_stay_in_the_store()
    {
        using var process = Process(step => step == 2);
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        await process.RunAsync(run);

        var learning = JsonSerializer.Deserialize(_store.Blobs[BlobNames.Learning(run, 2).Value], ContractsJson.Default.LearningSummary)!;
        var trajectories = await TrajectoriesAsync(run, 2);

        var skipped = Assert.Single(learning.Skipped);
        Assert.NotEmpty(skipped.Rollouts);
        foreach (var group in skipped.Rollouts)
        {
            var mixed = trajectories.Where(trajectory => trajectory.Task == group.Task && trajectory.Reward is not null).ToList();
            Assert.Equal(mixed.Select(trajectory => trajectory.Index).Order(), group.Indices.Order());
            Assert.True(mixed.Select(trajectory => trajectory.Reward).Distinct().Count() > 1);
        }
    }

    private TestProcess Process(Func<int, bool> skips) => new(_store, Fuse.Endless, Samples.Clock(), learner: new SkippingLearner(skips));

    private async Task<List<Trajectory>> TrajectoriesAsync(RunId run, int step)
    {
        var all = new List<Trajectory>();
        foreach (var (name, content) in _store.Blobs.Where(blob => blob.Key.StartsWith(BlobNames.RolloutsPrefix(run, step), StringComparison.Ordinal)))
        {
            using var stream = new MemoryStream(content);
            all.AddRange(await new ParquetRecordFormat().ReadTrajectoriesAsync(stream, Token));
        }

        return all;
    }

    /// <summary>Skips the only update of some steps.</summary>
    private sealed class SkippingLearner(Func<int, bool> skips) : ILearner
    {
        private readonly HashChainLearner _learner = new();

        public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation) => _learner.Prepare(spec, outputFolder, progress, cancellation);

        public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation)
        {
            var summary = _learner.Update(spec, input, outputFolder, cancellation);
            if (!skips(input.Step)) return summary;
            var rollouts = input.Batch.Groups.Select(group => new SkippedRollouts(group.Task!.Value, [.. group.Rows.Select(row => row.Index)]));
            return summary with { Updates = 0, SkippedUpdates = 1, Skipped = [new SkippedUpdate(1, "the loss is not a number", [.. rollouts])] };
        }
    }
}
