using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

public sealed class EmbeddedPipelineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly InMemoryRunStore _store = new();
    private readonly Recorder _recorder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_over_a_folder_with_two_workers_leaves_what_a_run_on_one_thread_leaves()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        using var store = new FolderRunStore(_folder["store"], TimeProvider.System);
        using var rig = new Rig(store, _recorder, _folder["cache"]);
        var run = await rig.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
        var status = await rig.Pipeline.RunAsync(run, Token);

        Assert.Equal((RunState.Completed, RunPhase.Done, 5), (status.State, status.Phase, status.Step));
        Assert.Equal(80, status.Totals.Rollouts);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(store.Root, $"runs/{run}/policies/000005/{HashChainLearner.WeightsFile}"), Token),
            undisturbed.Blobs[$"runs/{undisturbed.Status.Id}/policies/000005/{HashChainLearner.WeightsFile}"]);
        Assert.Equal(["000000", "000003", "000004", "000005"], Directory.GetDirectories(Path.Combine(store.Root, $"runs/{run}/policies")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_run_stopped_by_its_caller_goes_on_in_another_pipeline()
    {
        using var stop = new CancellationTokenSource();
        RunId run;
        using (var first = new Rig(_store, _recorder, _folder["one"]))
        {
            run = await first.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
            _recorder.On("learned 2", stop.Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Pipeline.RunAsync(run, stop.Token));
        }
        using var second = new Rig(_store, _recorder, _folder["two"]);
        Assert.Equal(RunState.Completed, (await second.Pipeline.RunAsync(run, Token)).State);
    }

    [Fact]
    public async Task A_paused_run_rests_until_it_is_resumed()
    {
        using var rig = new Rig(_store, _recorder, _folder["cache"]);
        var run = await rig.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
        _recorder.On("plan 2", () => rig.Pipeline.Control.PauseAsync(run, "lunch", Token).GetAwaiter().GetResult());
        var paused = await rig.Pipeline.RunAsync(run, Token);
        Assert.Equal((RunState.Paused, "lunch", 1), (paused.State, paused.Reason, paused.Step));
        Assert.Equal(RunState.Paused, (await rig.Pipeline.RunAsync(run, Token)).State);

        await rig.Pipeline.Control.ResumeAsync(run, Token);
        Assert.Equal(RunState.Completed, (await rig.Pipeline.RunAsync(run, Token)).State);
    }

    [Fact]
    public async Task A_learner_that_cannot_start_fails_the_run_with_its_reason_and_a_resume_tries_again()
    {
        using (var broken = new Rig(_store, _recorder, _folder["one"], new BrokenLearner(new CheckpointException("model.safetensors is damaged"))))
        {
            var run = await broken.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
            var failed = await broken.Pipeline.RunAsync(run, Token);
            Assert.Equal((RunState.Failed, "the policy to start from could not be made: model.safetensors is damaged"), (failed.State, failed.Reason));
            Assert.Equal(2, _recorder.Events.Count(text => text.StartsWith("attempt", StringComparison.Ordinal)));
        }
        using var mended = new Rig(_store, _recorder, _folder["two"]);
        var again = (await mended.Pipeline.Control.ResumeAsync(RunId.Parse("sample-20260102-030405"), Token)).Id;
        Assert.Equal(RunState.Completed, (await mended.Pipeline.RunAsync(again, Token)).State);
    }

    [Fact]
    public async Task Wrong_input_is_not_tried_twice()
    {
        using var rig = new Rig(_store, _recorder, _folder["cache"], new BrokenLearner(new InvalidInputException("model.source", "no such folder")));
        var run = await rig.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
        Assert.Equal(RunState.Failed, (await rig.Pipeline.RunAsync(run, Token)).State);
        Assert.Single(_recorder.Events, text => text.StartsWith("attempt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_store_that_takes_nothing_any_more_ends_the_pipeline_with_its_own_message()
    {
        var store = new FullStore(_store);
        using var rig = new Rig(store, _recorder, _folder["cache"]);
        var run = await rig.Pipeline.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation, Token);
        _recorder.On("plan 2", () => store.IsFull = true);
        var error = await Assert.ThrowsAsync<StoreException>(() => rig.Pipeline.RunAsync(run, Token));
        Assert.Equal("the disk is full", error.Message);
        store.IsFull = false;
        Assert.Equal(RunState.Completed, (await rig.Pipeline.RunAsync(run, Token)).State);
    }

    [Fact]
    public async Task The_learner_gets_the_reference_that_is_due()
    {
        var learner = new ReferenceNotes();
        using var rig = new Rig(_store, _recorder, _folder["cache"], learner);
        var spec = Samples.Spec with { Steps = 5, Checkpoints = new CheckpointSpec { KeepEvery = 0 }, Learning = new LearningSpec { KlCoefficient = 0.1, KlReferenceEvery = 2 } };
        var run = await rig.Pipeline.StartAsync(spec, Samples.Training, Samples.Evaluation, Token);
        Assert.Equal(RunState.Completed, (await rig.Pipeline.RunAsync(run, Token)).State);
        Assert.Equal(["1: after step 0", "2: after step 0", "3: after step 2", "4: after step 2", "5: after step 4"], learner.Seen);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A pipeline and what it is put together from.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly PolicyFolders _folders;

        public Rig(IRunStore store, IRunObserver observer, string cache, ILearner? learner = null)
        {
            _folders = new PolicyFolders(store, cache);
            Pipeline = new EmbeddedPipeline(
                new EmbeddedPipelineParts
                {
                    Store = store,
                    Records = new ParquetRecordFormat(),
                    Folders = _folders,
                    Policies = new HashChainPolicies(_folders),
                    Learner = learner ?? new HashChainLearner(),
                    Scorers = _ => new VerifierScorer(new StubVerifier()),
                    Observer = observer,
                    Time = Samples.Clock(),
                },
                new EmbeddedPipelineOptions { Workers = 2, Pump = new PumpOptions { MaxAttempts = 2, RetryDelay = TimeSpan.Zero } });
        }

        public EmbeddedPipeline Pipeline { get; }

        public void Dispose()
        {
            Pipeline.Dispose();
            _folders.Dispose();
        }
    }

    private sealed class BrokenLearner(Exception error) : ILearner
    {
        public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation) => throw error;

        public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation) => throw error;
    }

    private sealed class ReferenceNotes : ILearner
    {
        private readonly HashChainLearner _learner = new();

        public List<string> Seen { get; } = [];

        public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation) => _learner.Prepare(spec, outputFolder, progress, cancellation);

        public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation)
        {
            Seen.Add($"{input.Step}: {File.ReadAllText(Path.Combine(input.ReferenceFolder!, HashChainLearner.StateFile))}");
            return _learner.Update(spec, input, outputFolder, cancellation);
        }
    }
}
