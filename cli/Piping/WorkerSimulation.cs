using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Piping;

/// <summary>What the simulated cluster is like.</summary>
/// <param name="InHand">Work items that a worker holds at once: with two, one's messages and blobs travel while the other's tokens are computed.</param>
/// <param name="TokensPerSecond">Of one worker.</param>
/// <param name="Gpu">Of each worker, by its name in the price list.</param>
internal sealed record ClusterOutline(int Workers, int Tasks, int RolloutsPerTask, int MeanTokens, int ItemTokens, int InHand, double TokensPerSecond, string Gpu);

/// <summary>One simulated step; times in seconds. Measured here: <paramref name="Planning"/> and <paramref name="Collecting"/>, with this machine's cores. The rest is virtual time.</summary>
/// <param name="Rollout">From the first message sent to the last work item's end; messages go out meanwhile.</param>
/// <param name="IdleShare">Of the workers' time in the rollout phase.</param>
/// <param name="StepIdleShare">The same, planning and collecting included: workers wait meanwhile.</param>
/// <param name="Usd">Of the workers for the step.</param>
internal sealed record SimulatedStep(
    int Workers, int Tasks, int Rollouts, double Tokens, int Items, double Planning, double Rollout, double Collecting, double IdleShare, double StepIdleShare, double Usd, double UsdIdle);

/// <summary>
/// A step of a large cluster without the cluster: the real planner, splitter and collector on the real number of tasks and
/// trajectories, and workers in virtual time that take the next work item from the queue when they have finished one.
/// </summary>
internal sealed class WorkerSimulation(ClusterOutline cluster, TimeProvider time)
{
    /// <summary>Receive, look at status and blobs, write, settle: round trips of a cloud's queue and store around one work item.</summary>
    public const double SecondsAroundItem = 0.15;
    /// <summary>Of a send, of which <see cref="SendsAtOnce"/> go at once.</summary>
    public const double SecondsPerSend = 0.02;
    public const int SendsAtOnce = 32;
    /// <summary>Standard deviation of the logarithm of a rollout's length around its task's mean, and of tasks around the mean of all.</summary>
    public const double Spread = 0.5;
    private const int Step = 2;

    public SimulatedStep Run(CancellationToken cancellation)
    {
        var training = Enumerable.Range(0, cluster.Tasks).Select(i => new TrainingTask(TaskId.Parse($"task-{i:D7}"), $"family-{i % 10}", "", "")).ToList();
        var ledger = training.Index().Select(pair => Record(pair.Item, pair.Index)).ToList();
        var planner = new StepPlanner(Spec(), training, []);
        var started = time.GetTimestamp();
        var plan = planner.Plan(Step, ledger);
        var planning = time.GetElapsedTime(started).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();

        var lengths = ledger.ToDictionary(record => record.Task, record => record.MeanCompletionTokens);
        var results = plan.Items.Select(item => new ItemResult<RolloutOutcome>(item, Generate(item, lengths, cancellation))).ToList();
        var (rollout, busy) = Work([.. results.Select(result => result.Rollouts!.Sum(row => row.CompletionTokens) / cluster.TokensPerSecond)]);
        var collecting = Collect(plan, results, ledger, training) + ReadAll(results);
        var whole = planning + rollout + collecting;
        var perSecond = PriceList.Current.UsdOf(cluster.Gpu, 1);
        return new SimulatedStep(
            cluster.Workers, cluster.Tasks, plan.Items.Sum(item => item.Rollouts), results.Sum(result => result.Rollouts!.Sum(row => (double)row.CompletionTokens)), plan.Items.Count,
            planning, rollout, collecting, 1 - (busy / (cluster.Workers * rollout)), 1 - (busy / (cluster.Workers * whole)),
            cluster.Workers * whole * perSecond, ((cluster.Workers * whole) - busy) * perSecond);
    }

    private RunSpec Spec() => new()
    {
        Seed = 1,
        Steps = Step,
        Tasks = new TaskSpec { PerStep = cluster.Tasks },
        Allocation = new AllocationSpec { Policy = "posterior", RolloutsPerTask = cluster.RolloutsPerTask, Min = 2, Max = 128 },
        Sampling = new SamplingSpec { MaxTokens = 16 * cluster.MeanTokens },
        Splitting = new SplittingSpec { ItemTokens = cluster.ItemTokens, MinItems = cluster.Workers },
        Evaluation = new EvaluationSpec { Every = 0 },
    };

    private TaskRecord Record(TrainingTask task, int index)
    {
        var rate = CounterRandom.UniformAt(1, (ulong)index);
        return new TaskRecord
        {
            Task = task.Id,
            Family = task.Family,
            Visits = 1,
            LastStep = 1,
            LastSuccessRate = Math.Round(8 * rate) / 8,
            Successes = Math.Round(8 * rate),
            Failures = 8 - Math.Round(8 * rate),
            MeanCompletionTokens = Math.Max(1, cluster.MeanTokens * LogNormal(2, (ulong)index)),
        };
    }

    /// <summary>Of mean 1.</summary>
    private static double LogNormal(ulong seed, ulong index)
    {
        var (u, v) = (1 - CounterRandom.UniformAt(seed, 2 * index), CounterRandom.UniformAt(seed, (2 * index) + 1));
        return Math.Exp((Spread * Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v)) - (Spread * Spread / 2));
    }

    private List<RolloutOutcome> Generate(WorkItem item, Dictionary<TaskId, double> lengths, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var seed = Seeds.For(3, item.Id);
        return [.. item.Chunks.SelectMany(chunk => Enumerable.Range(chunk.First, chunk.Count).Select(index => (chunk.Task, index))).Select((rollout, place) => Rollout(
            rollout.Task, rollout.index, (int)Math.Clamp(lengths[rollout.Task] * LogNormal(seed, (ulong)place), 1, 16 * cluster.MeanTokens)))];
    }

    private static RolloutOutcome Rollout(TaskId task, int index, int tokens) => new()
    {
        Task = task,
        Index = index,
        CompletionTokens = tokens,
        Reward = (index + tokens) % 2,
        Policy = new PolicyVersion(Step - 1),
    };

    /// <summary>The rollout as a worker writes it, its tokens drawn evenly from a vocabulary of 2^17.</summary>
    private static Trajectory Written(RolloutOutcome outcome)
    {
        var draws = Enumerable.Range(0, outcome.CompletionTokens).Select(place => CounterRandom.UniformAt(Seeds.For(4, outcome.Task.Value), (ulong)place)).ToList();
        return new Trajectory
        {
            Task = outcome.Task,
            Index = outcome.Index,
            GroupSize = 0,
            PromptIds = [],
            CompletionIds = [.. draws.Select(draw => (int)(draw * (1 << 17)))],
            LogProbs = [.. draws.Select(draw => (float)Math.Log(1 - draw))],
            Reward = outcome.Reward,
            StopReason = StopReason.Eos,
            Policy = outcome.Policy,
            Sampling = new SamplingSpec(),
            Seed = 0,
        };
    }

    /// <summary>Every worker takes the next item when it is free and the item's message is sent.</summary>
    /// <returns>When the last one ends, and the seconds in which workers generated.</returns>
    private (double End, double Busy) Work(double[] seconds)
    {
        var free = new PriorityQueue<int, double>(Enumerable.Range(0, cluster.Workers).Select(worker => (worker, 0.0)));
        var end = 0.0;
        foreach (var (place, item) in seconds.Index())
        {
            free.TryDequeue(out var worker, out var at);
            var around = cluster.InHand > 1 && at > 0 ? 0 : SecondsAroundItem;
            at = Math.Max(at, (1 + (place / SendsAtOnce)) * SecondsPerSend) + around + item;
            end = Math.Max(end, at);
            free.Enqueue(worker, at);
        }

        return (end, seconds.Sum());
    }

    /// <summary>What the collector computes once all blobs are read.</summary>
    private double Collect(StepPlan plan, List<ItemResult<RolloutOutcome>> results, List<TaskRecord> ledger, List<TrainingTask> training)
    {
        var families = training.ToDictionary(task => task.Id, task => task.Family);
        var started = time.GetTimestamp();
        var groups = GroupJoin.Join(plan, results, WorkPurpose.Training);
        StepSummaries.Summarise(plan, groups, evaluation: null, [], task => families[task]);
        LedgerFold.Fold(ledger, Step, groups, discount: 0.5, task => families[task]);
        return time.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Decoding what the collector needs of all blobs on the cores of this machine, by that of a few.</summary>
    private double ReadAll(List<ItemResult<RolloutOutcome>> results)
    {
        const int Sample = 16;
        var format = new ParquetRecordFormat();
        var blobs = results.Take(Sample).Select(result =>
        {
            var blob = new MemoryStream();
            format.WriteTrajectoriesAsync([.. result.Rollouts!.Select(Written)], blob, CancellationToken.None).GetAwaiter().GetResult();
            return blob.ToArray();
        }).ToList();
        foreach (var blob in blobs) Decode(blob);
        var started = time.GetTimestamp();
        foreach (var blob in blobs) Decode(blob);
        return time.GetElapsedTime(started).TotalSeconds / blobs.Count * results.Count / Environment.ProcessorCount;

        void Decode(byte[] blob) => format.ReadOutcomesAsync(new MemoryStream(blob), CancellationToken.None).GetAwaiter().GetResult();
    }
}
