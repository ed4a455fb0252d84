using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>Work that cannot be done is left out visibly, or ends the run with its reason.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly InMemoryRunStore _store = new();
    private TestProcess _process;

    public FailureTests() => _process = new TestProcess(_store, Fuse.Endless, Samples.Clock());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task Rollouts_that_could_not_be_scored_are_left_out_of_their_group_and_never_count_as_zero()
    {
        TrainingTask[] tasks =
        [
            new(TaskId.Parse("throws"), "", "a=P", "!"), new(TaskId.Parse("fails"), "", "b=P", "~"), new(TaskId.Parse("unreadable"), "", "\u00e9=P", "P"),
            new(TaskId.Parse("fine"), "", "d=T", "T"),
        ];
        var run = await RunAsync(Samples.Spec with { Steps = 1 }, tasks);
        var summary = Read(BlobNames.Summary(run, 1), ContractsJson.Default.StepSummary);
        Assert.Equal((16, 12), (summary.Rollouts, summary.ErroredRollouts));
        var fine = Assert.Single(await LedgerAsync(run, 1));
        Assert.Equal("fine", fine.Task.Value);
        Assert.Equal(fine.LastSuccessRate, summary.MeanReward);

        var trajectories = await TrajectoriesAsync(run, 1);
        Assert.Equal(16, trajectories.Count);
        Assert.All(trajectories, trajectory => Assert.NotEqual(trajectory.Error is null, trajectory.Reward is null));
        Assert.Contains(trajectories, trajectory => trajectory.Error == "Error: stub threw InvalidOperationException: the verifier broke");
        Assert.Contains(trajectories, trajectory => trajectory.Error == "Error: took too long" && trajectory.CompletionIds.Length > 0);
        Assert.Contains(trajectories, trajectory => trajectory.Error == "prompt cannot be encoded: 'é' is not in the vocabulary");
    }

    [Fact]
    public async Task A_work_item_that_cannot_be_produced_leaves_a_marker_and_the_step_goes_on_without_it()
    {
        FailItem(2);
        var run = await RunAsync(Samples.Spec);
        var marker = Read(BlobNames.FailedItem(run, 2, "t000"), ContractsJson.Default.TerminalMarker);
        Assert.Equal("the sampler broke", marker.Reason);
        var plan = Read(BlobNames.Plan(run, 2), ContractsJson.Default.StepPlan);
        var summary = Read(BlobNames.Summary(run, 2), ContractsJson.Default.StepSummary);
        Assert.Equal(["t000"], summary.FailedItems);
        Assert.Equal(plan.Items[0].Rollouts, summary.ErroredRollouts);
        Assert.Equal(16, summary.Rollouts);
        Assert.Equal(3, _process.Observer.Events.Count(text => text.StartsWith("attempt", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_blob_that_comes_after_its_item_was_counted_as_failed_is_not_learnt_from()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        FailItem(2);
        var run = await RunAsync(Samples.Spec);
        var without = _store.Blobs;

        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        FailItem(process, 2);
        var late = BlobNames.Rollouts(run, 2, "t000");
        process.Observer.On("collected 2", () => store.CreateAsync(late, (output, token) => output.WriteAsync(undisturbed.Blobs[late.Value], token).AsTask(), Token).GetAwaiter().GetResult());
        await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        await process.RunAsync(run);
        Assert.Contains(late.Value, store.Blobs.Keys);
        Samples.AssertSame(without, store.Blobs.Where(blob => blob.Key != late.Value).ToDictionary());
    }

    [Fact]
    public async Task A_step_of_which_nothing_came_fails_the_run_and_a_resume_makes_up_for_it()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        _process.Policies.OnGenerate = _ => throw new InvalidOperationException("no memory for the batch");
        var run = await _process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        var status = await _process.RunAsync(run);
        Assert.Equal((RunState.Failed, "no rollout of step 1 got a reward, the first because: no memory for the batch"), (status.State, status.Reason));

        Replace();
        await _process.Control.ResumeAsync(run, Token);
        Assert.Equal(RunState.Completed, (await _process.RunAsync(run)).State);
        Samples.AssertSame(undisturbed.Blobs, _store.Blobs);
    }

    [Fact]
    public async Task A_damaged_checkpoint_ends_the_run_instead_of_losing_its_work_items_one_by_one()
    {
        var run = await _process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        _process.Observer.On("plan 2", () => _process.Control.PauseAsync(run, "", Token).GetAwaiter().GetResult());
        await _process.RunAsync(run);
        await DamageAsync(BlobNames.PolicyFile(run, new PolicyVersion(1), HashChainLearner.WeightsFile));
        // The one that made the policy has it at hand; another process meets the damage.
        Replace();
        await _process.Control.ResumeAsync(run, Token);
        var status = await _process.RunAsync(run);
        Assert.Equal(RunState.Failed, status.State);
        Assert.Contains("model.bin is damaged", status.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(_store.Blobs.Keys, name => name.EndsWith(".failed.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_limit_pauses_the_run_with_its_work_kept_and_each_resume_runs_one_more_step()
    {
        var spec = Samples.Spec with { Limits = new LimitsSpec { Rollouts = 30 } };
        var run = await _process.StartAsync(spec, Samples.Training, Samples.Evaluation);
        var paused = await _process.RunAsync(run);
        Assert.Equal((RunState.Paused, 2, 32L), (paused.State, paused.Step, paused.Totals.Rollouts));
        Assert.StartsWith("limits.rollouts of 30 is reached with 32", paused.Reason, StringComparison.Ordinal);
        await _process.Control.ResumeAsync(run, Token);
        Assert.Equal((RunState.Paused, 3), (await _process.RunAsync(run)) is var again ? (again.State, again.Step) : default);
    }

    [Fact]
    public async Task A_step_without_a_mixed_group_makes_a_version_too()
    {
        TrainingTask[] easy = [.. Enumerable.Range(0, 4).Select(i => new TrainingTask(TaskId.Parse($"easy-{i}"), "", $"{i}=P", "P"))];
        var run = await RunAsync(Samples.Spec with { Steps = 2 }, easy);
        var status = await _process.StatusAsync(run);
        Assert.Equal((RunState.Completed, 0L, 0L, 32L), (status.State, status.Totals.MixedGroups, status.Totals.MixedRollouts, status.Totals.Rollouts));
        Assert.Equal(0, Read(BlobNames.Learning(run, 2), ContractsJson.Default.LearningSummary).Rows);
        Assert.Contains(BlobNames.Manifest(run, new PolicyVersion(2)).Value, _store.Blobs.Keys);
    }

    [Fact]
    public async Task Evaluations_are_of_the_first_policy_every_so_many_and_the_last()
    {
        var run = await RunAsync(Samples.Spec);
        var evaluated = Enumerable.Range(1, 6).Select(step => Read(BlobNames.Summary(run, step), ContractsJson.Default.StepSummary))
            .Where(summary => summary.Evaluation is not null).Select(summary => summary.Policy.Value);
        Assert.Equal([0, 2, 4, 5], evaluated);
        var closing = Read(BlobNames.Summary(run, 6), ContractsJson.Default.StepSummary);
        Assert.Equal((0, 0, 3, 2), (closing.Groups, closing.Rollouts, closing.Evaluation!.Tasks, closing.Evaluation.Samples));
    }

    [Fact]
    public async Task A_cancelled_run_does_nothing_more()
    {
        var run = await _process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        _process.Observer.On("collected 2", () => _process.Control.CancelAsync(run, "not needed", Token).GetAwaiter().GetResult());
        var status = await _process.RunAsync(run);
        Assert.Equal((RunState.Cancelled, "not needed", 1), (status.State, status.Reason, status.Step));
        Assert.Equal(RunState.Cancelled, (await _process.Control.ResumeAsync(run, Token)).State);
        Assert.DoesNotContain(BlobNames.Manifest(run, new PolicyVersion(2)).Value, _store.Blobs.Keys);
    }

    private async Task<RunId> RunAsync(RunSpec spec, IReadOnlyList<TrainingTask>? tasks = null)
    {
        var run = await _process.StartAsync(spec, tasks ?? Samples.Training, Samples.Evaluation);
        Assert.Equal(RunState.Completed, (await _process.RunAsync(run)).State);
        return run;
    }

    private void FailItem(int step) => FailItem(_process, step);

    /// <summary>The first item of a step's plan breaks the sampler each time.</summary>
    private static void FailItem(TestProcess process, int step)
    {
        var armed = false;
        IReadOnlyList<GenerationPrompt>? broken = null;
        process.Observer.On($"plan {step}", () => armed = true);
        process.Policies.OnGenerate = prompts =>
        {
            if (armed && broken is null) broken = prompts;
            if (broken is not null && prompts[0].Seeds[0] == broken[0].Seeds[0]) throw new InvalidOperationException("the sampler broke");
        };
    }

    /// <summary>The process ends and another takes its place.</summary>
    private void Replace()
    {
        _process.Dispose();
        _process = new TestProcess(_store, Fuse.Endless, Samples.Clock());
    }

    private async Task DamageAsync(BlobName name)
    {
        await _store.DeleteAsync(name, Token);
        await _store.CreateAsync(name, (output, token) => output.WriteAsync("damaged"u8.ToArray(), token).AsTask(), Token);
    }

    private T Read<T>(BlobName name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(_store.Blobs[name.Value], type)!;

    private Task<IReadOnlyList<TaskRecord>> LedgerAsync(RunId run, int step) =>
        new ParquetRecordFormat().ReadLedgerAsync(new MemoryStream(_store.Blobs[BlobNames.Ledger(run, step).Value]), Token);

    private async Task<List<Trajectory>> TrajectoriesAsync(RunId run, int step)
    {
        var all = new List<Trajectory>();
        foreach (var blob in _store.Blobs.Where(blob => blob.Key.StartsWith(BlobNames.RolloutsPrefix(run, step) + "t", StringComparison.Ordinal)))
            all.AddRange(await new ParquetRecordFormat().ReadTrajectoriesAsync(new MemoryStream(blob.Value), Token));
        return all;
    }
}
