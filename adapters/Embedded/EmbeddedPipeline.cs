using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>
/// The five stages in one process: queues in memory, n rollout workers and one learner with threads of their own. Start
/// or resume a run, then <see cref="RunAsync"/> it. All state is in the store, so a pipeline that is stopped or killed
/// at any moment is replaced by a new one. One run at a time.
/// </summary>
public sealed class EmbeddedPipeline : IDisposable
{
    private readonly EmbeddedPipelineParts _parts;
    private readonly EmbeddedPipelineOptions _options;
    private readonly Dictionary<string, MemoryQueue> _queues;
    private readonly Outbox _outbox;
    private readonly RunBlobs _blobs;
    private readonly RunTasks _tasks;
    private readonly RunStatusStore _statuses;
    private readonly List<ComputeThread> _threads = [];
    private readonly List<IMessagePump> _pumps = [];
    /// <summary>Completes when the run stops running; fails when not even its failure could be written.</summary>
    private TaskCompletionSource<RunState> _ended = NewEnd();

    public EmbeddedPipeline(EmbeddedPipelineParts parts, EmbeddedPipelineOptions options)
    {
        (_parts, _options) = (parts, options);
        var queueOptions = new MemoryQueueOptions { MaxDeliveries = options.Pump.MaxAttempts + 2 };
        _queues = QueueNames.All.ToDictionary(name => name, name => new MemoryQueue(name, parts.Time, queueOptions));
        _outbox = new Outbox(_queues.ToDictionary(pair => pair.Key, pair => (IWorkQueue)pair.Value));
        _blobs = new RunBlobs(parts.Store, parts.Records);
        _tasks = new RunTasks(parts.Store);
        _statuses = new RunStatusStore(parts.Store, parts.Time, new StatusTap(parts.Observer, NoteStatus));
        Control = new RunControl(_blobs, _statuses, _outbox);
        AddPumps();
    }

    /// <summary>Pause, cancel, resume.</summary>
    public RunControl Control { get; }

    /// <summary>Makes a new run of a validated spec; <see cref="RunAsync"/> then works on it.</summary>
    /// <exception cref="InvalidInputException">Tasks are missing or share an id.</exception>
    public Task<RunId> StartAsync(
        RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation, CancellationToken cancellation) =>
        new RunStarter(_blobs, _statuses, _outbox, _parts.Time).StartAsync(spec, training, evaluation, cancellation);

    /// <summary>Works on a running run until it completes, fails, is cancelled or paused, and returns its status then; at once when it does not run.</summary>
    /// <exception cref="OperationCanceledException">Stopped by the caller. The run stays as it is and any later pipeline goes on with it.</exception>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    /// <exception cref="StoreException">The store failed for good, so that the run's failure could not be recorded either.</exception>
    public async Task<RunStatus> RunAsync(RunId run, CancellationToken cancellation)
    {
        _ended = NewEnd();
        if ((await ReadAsync(run, cancellation)) is { State: not RunState.Running } resting) return resting;
        using var stop = new CancellationTokenSource();
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var stopped = cancellation.Register(() => _ended.TrySetCanceled(cancellation));
        Task[] work = [WatchAsync(run, stop.Token), .. _pumps.Select(pump => Task.Run(() => pump.RunAsync(stop.Token, abort.Token), CancellationToken.None))];
        await Task.WhenAny(_ended.Task);
        await stop.CancelAsync();
        // A run that completed or paused lets the work in hand come to its end; any other end makes it pointless.
        if (!_ended.Task.IsCompletedSuccessfully || await _ended.Task is not (RunState.Completed or RunState.Paused)) await abort.CancelAsync();
        await Task.WhenAll(work);
        await _ended.Task;
        return await ReadAsync(run, cancellation);
    }

    public void Dispose()
    {
        foreach (var thread in _threads) thread.Dispose();
    }

    private async Task<RunStatus> ReadAsync(RunId run, CancellationToken cancellation) =>
        await _statuses.ReadAsync(run, cancellation) ?? throw new InvalidInputException("", $"there is no run {run} in this store: list the runs with 'knapsack runs'");

    private void AddPumps()
    {
        AddPump(QueueNames.Plan, new PlanHandler(_blobs, _tasks, _statuses, _outbox, _parts.Observer));
        for (var worker = 1; worker <= _options.Workers; worker++)
        {
            var tools = new RolloutTools(_parts.Policies, _parts.Scorers, NewThread($"rollout-{worker}"), _parts.Time, $"{Environment.MachineName}/{worker}");
            AddPump(QueueNames.Rollouts, new RolloutHandler(_blobs, _tasks, _statuses, _outbox, _parts.Observer, tools));
        }
        AddPump(QueueNames.RolloutDone, new CollectHandler(_blobs, _tasks, _statuses, _outbox, _parts.Observer));
        AddPump(QueueNames.Learn, new LearnHandler(_blobs, _statuses, _outbox, _parts.Observer, _parts.Learner, _parts.Folders, NewThread("learner")));
        AddPump(QueueNames.CheckpointReady, new PublishHandler(_blobs, _statuses, _outbox, _parts.Time));
    }

    private void AddPump<TMessage>(string queue, IWorkHandler<TMessage> handler) where TMessage : class, IWorkMessage =>
        _pumps.Add(new MessagePump<TMessage>(_queues[queue], new EndGuard<TMessage>(handler, EndWith), _options.Pump, _parts.Time, _parts.Observer));

    private ComputeThread NewThread(string name)
    {
        var thread = new ComputeThread(name);
        _threads.Add(thread);
        return thread;
    }

    /// <summary>Rebuilds the queues from the store at once, and again whenever work is due and nothing is on its way.</summary>
    private async Task WatchAsync(RunId run, CancellationToken stop)
    {
        try
        {
            for (var first = true; ; first = false)
            {
                if (first || _queues.Values.All(queue => queue.Count == 0))
                {
                    var status = await ReadAsync(run, stop);
                    NoteStatus(status);
                    foreach (var message in await Watchdog.DueAsync(_blobs, status, stop)) await _outbox.SendAsync(message, stop);
                }
                await Task.Delay(_options.Watch, _parts.Time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run ended or the caller stopped it.
        }
        catch (Exception error)
        {
            EndWith(error);
        }
    }

    private void NoteStatus(RunStatus status)
    {
        if (status.State != RunState.Running) _ended.TrySetResult(status.State);
    }

    private void EndWith(Exception error) => _ended.TrySetException(error);

    private static TaskCompletionSource<RunState> NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sees each move of the status on its way to the observer.</summary>
    private sealed class StatusTap(IRunObserver observer, Action<RunStatus> seen) : IRunObserver
    {
        public void StatusChanged(RunStatus status)
        {
            observer.StatusChanged(status);
            seen(status);
        }
    }

    /// <summary>Where even giving up fails, as on a full disk, trying again would go on for ever: the first cause ends the pipeline.</summary>
    private sealed class EndGuard<TMessage>(IWorkHandler<TMessage> handler, Action<Exception> end) : IWorkHandler<TMessage> where TMessage : IWorkMessage
    {
        public Task<WorkOutcome> HandleAsync(TMessage message, CancellationToken cancellation) => handler.HandleAsync(message, cancellation);

        public async Task GiveUpAsync(TMessage message, Exception error, CancellationToken cancellation)
        {
            try
            {
                await handler.GiveUpAsync(message, error, cancellation);
            }
            catch (Exception second) when (second is not OperationCanceledException)
            {
                end(error);
            }
        }
    }
}
