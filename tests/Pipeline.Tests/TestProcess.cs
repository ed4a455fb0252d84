using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>One life of a process that does all five stages on one thread: everything in it is lost when it dies, except the store that was given to it.</summary>
internal sealed class TestProcess : IDisposable
{
    private readonly TempFolder _cache = new();
    private readonly PolicyFolders _folders;
    private readonly ComputeThread _thread = new("test");
    private readonly RunBlobs _blobs;
    private readonly RunStatusStore _statuses;
    private readonly Outbox _outbox;

    /// <param name="wrap">Puts something between the handlers and a queue.</param>
    /// <param name="scorers">Null: every name is the <see cref="StubVerifier"/>.</param>
    public TestProcess(IRunStore store, Fuse fuse, FakeTimeProvider time, Func<IWorkQueue, IWorkQueue>? wrap = null, ILearner? learner = null, Func<string, IScorer>? scorers = null)
    {
        Time = time;
        store = new FusedStore(store, fuse);
        _folders = new PolicyFolders(store, _cache["policies"]);
        Policies = new HashChainPolicies(_folders);
        var options = new MemoryQueueOptions { Poll = TimeSpan.Zero };
        Queues = QueueNames.All.ToDictionary(name => name, name => new MemoryQueue(name, time, options));
        var seen = Queues.ToDictionary(pair => pair.Key, pair => new FusedQueue(wrap is null ? pair.Value : wrap(pair.Value), fuse) as IWorkQueue);
        _outbox = new Outbox(seen);
        _blobs = new RunBlobs(store, new ParquetRecordFormat());
        _statuses = new RunStatusStore(store, time, Observer);
        var tasks = new RunTasks(store);
        var tools = new RolloutTools(Policies, scorers ?? (_ => new VerifierScorer(new StubVerifier())), _thread, time, "worker");
        Add(seen[QueueNames.Plan], new PlanHandler(_blobs, tasks, _statuses, _outbox, Observer));
        Add(seen[QueueNames.Rollouts], new RolloutHandler(_blobs, tasks, _statuses, _outbox, Observer, tools));
        Add(seen[QueueNames.RolloutDone], new CollectHandler(_blobs, tasks, _statuses, _outbox, Observer));
        Add(seen[QueueNames.Learn], new LearnHandler(_blobs, _statuses, _outbox, Observer, learner ?? new HashChainLearner(), _folders, _thread));
        Add(seen[QueueNames.CheckpointReady], new PublishHandler(_blobs, _statuses, _outbox, time));
    }

    public Recorder Observer { get; } = new();
    public FakeTimeProvider Time { get; }
    public HashChainPolicies Policies { get; }
    public Dictionary<string, MemoryQueue> Queues { get; }
    public Dictionary<string, IMessagePump> Pumps { get; } = [];
    public IMessageSender Outbox => _outbox;
    public RunControl Control => new(_blobs, _statuses, _outbox);

    public Task<RunId> StartAsync(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation) =>
        new RunStarter(_blobs, _statuses, _outbox, Time).StartAsync(spec, training, evaluation, CancellationToken.None);

    public async Task<RunStatus> StatusAsync(RunId run) => (await _statuses.ReadAsync(run, CancellationToken.None))!;

    /// <summary>Works until the run ends, the queues are the watchdog's to fill whenever they are empty.</summary>
    /// <exception cref="ProcessDiedException">The fuse blew.</exception>
    /// <exception cref="InvalidOperationException">The run stands still: nothing is due, and it does not end.</exception>
    public async Task<RunStatus> RunAsync(RunId run)
    {
        for (var idle = 0; idle < 100; idle++)
        {
            while (await PumpAllAsync()) idle = 0;
            var status = await StatusAsync(run);
            if (status.State != RunState.Running) return status;
            // Delayed messages and lost leases come due, then the watchdog looks.
            Time.Advance(TimeSpan.FromMinutes(2));
            foreach (var message in await Watchdog.DueAsync(_blobs, status, CancellationToken.None)) await _outbox.SendAsync(message, CancellationToken.None);
        }
        throw new InvalidOperationException("the run stands still");
    }

    /// <summary>One message of each queue; false when all were empty.</summary>
    private async Task<bool> PumpAllAsync()
    {
        var any = false;
        foreach (var pump in Pumps.Values) any |= await pump.PumpOneAsync(CancellationToken.None, CancellationToken.None);
        return any;
    }

    public void Dispose()
    {
        _thread.Dispose();
        _folders.Dispose();
        _cache.Dispose();
    }

    private void Add<TMessage>(IWorkQueue queue, IWorkHandler<TMessage> handler) where TMessage : class, IWorkMessage =>
        Pumps[queue.Name] = new MessagePump<TMessage>(queue, handler, new PumpOptions { MaxAttempts = 3, RetryDelay = TimeSpan.Zero }, Time, Observer);
}
