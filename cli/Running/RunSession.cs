using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Learning;

namespace KnapsackCloud.Cli.Running;

/// <summary>A folder as store with the pipeline, the model and the learner in this process. Make one a run.</summary>
internal sealed class RunSession : IDisposable
{
    private readonly FolderRunStore _store;
    private readonly PolicyFolders _folders;
    private readonly PolicyLoader _policies;
    private readonly GrpoLearner _learner;
    private readonly EmbeddedPipeline _pipeline;
    private TimingFile? _timings;
    private RunLock? _lock;

    public RunSession(string folder, TimeProvider time, GenerationPrecision precision, Scorers scorers)
    {
        _store = new FolderRunStore(folder, time);
        _folders = new PolicyFolders(_store, _store.NewScratchFolder());
        _policies = new PolicyLoader(_folders, new EngineOptions { Precision = precision });
        _learner = new GrpoLearner(time);
        Monitor = new RunMonitor(time, timing => _timings?.Append(timing));
        _pipeline = new EmbeddedPipeline(
            new EmbeddedPipelineParts
            {
                Store = _store,
                Records = new ParquetRecordFormat(),
                Folders = _folders,
                Policies = _policies,
                Learner = _learner,
                Scorers = scorers.Create,
                Observer = Monitor,
                Time = time,
            },
            new EmbeddedPipelineOptions());
    }

    public RunMonitor Monitor { get; }

    public async Task<RunId> StartAsync(RunInputs inputs, CancellationToken cancellation) =>
        Open(await _pipeline.StartAsync(inputs.Spec, inputs.Tasks.Training, inputs.Tasks.Evaluation, cancellation).ConfigureAwait(false));

    /// <summary>Makes a run that was stopped, paused or failed go on. One that is completed only gets its report again, which a crash may have prevented.</summary>
    /// <param name="name">A run id, or <c>latest</c>.</param>
    /// <exception cref="InvalidInputException">There is no such run, or it is cancelled.</exception>
    public async Task<RunId> ResumeAsync(string name, CancellationToken cancellation)
    {
        var status = await StoredRuns.FindAsync(_store, "--resume", name, cancellation).ConfigureAwait(false);
        if (status.State is RunState.Cancelled) throw new InvalidInputException("--resume", $"run {status.Id} is cancelled: start a new run");
        Open(status.Id);
        if (status.State is RunState.Paused or RunState.Failed) await _pipeline.Control.ResumeAsync(status.Id, cancellation).ConfigureAwait(false);
        return status.Id;
    }

    /// <summary>A run of exactly this spec that is not given up, or null.</summary>
    public async Task<RunId?> FindAsync(RunSpec spec, CancellationToken cancellation) =>
        await StoredRuns.FindAsync(_store, spec, cancellation).ConfigureAwait(false) is { } status ? Open(status.Id) : null;

    public Task<RunStatus> RunAsync(RunId run, CancellationToken cancellation) => _pipeline.RunAsync(run, cancellation);

    public async Task<RunHistory> ReadHistoryAsync(RunId run, CancellationToken cancellation)
    {
        var history = await RunHistory.ReadAsync(_store, run, _timings?.Read() ?? [], cancellation).ConfigureAwait(false);
        return await history.WithAllocationsAsync(_store, cancellation).ConfigureAwait(false);
    }

    public string FolderOf(RunId run) => Path.Combine(_store.Root, BlobNames.RunPrefix(run).TrimEnd('/'));

    public string ReportFolderOf(RunId run) => Path.Combine(FolderOf(run), "report");

    public void Dispose()
    {
        _pipeline.Dispose();
        _learner.Dispose();
        _policies.Dispose();
        _folders.Dispose();
        _lock?.Dispose();
        _store.Dispose();
    }

    private RunId Open(RunId run)
    {
        _lock = RunLock.Take(_store, run);
        _timings = TimingFile.Of(_store.Root, run);
        return run;
    }
}
