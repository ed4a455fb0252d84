using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A store with nobody who works on it: what is sent is only noted.</summary>
internal sealed class StoredRun : IMessageSender
{
    public StoredRun()
    {
        Blobs = new RunBlobs(Store, new ParquetRecordFormat());
        Statuses = new RunStatusStore(Store, Time, Observer);
        Catalog = new RunCatalog(Store, Statuses);
    }

    public InMemoryRunStore Store { get; } = new();
    public FakeTimeProvider Time { get; } = Samples.Clock();
    public Recorder Observer { get; } = new();
    public RunBlobs Blobs { get; }
    public RunStatusStore Statuses { get; }
    public RunCatalog Catalog { get; }
    public List<IWorkMessage> Sent { get; } = [];

    public Task<RunId> StartAsync(RunSpec spec) =>
        new RunStarter(Blobs, Statuses, this, Time).StartAsync(spec, Samples.Training, Samples.Evaluation, CancellationToken.None);

    /// <summary>A running run of which step 1 is due, with a plan of one work item.</summary>
    public async Task<RunId> StartAtStepOneAsync()
    {
        var run = await StartAsync(Samples.Spec);
        await UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0), Phase = RunPhase.Rollout });
        var plan = new StepPlan
        {
            Step = 1,
            Policy = new PolicyVersion(0),
            AllocationPolicy = "uniform",
            Allocations = [new TaskAllocation(TaskId.Parse("t0"), 2, 0, 1, 0.5, 0.5)],
            Certificate = new PlanCertificate(2, 2, 0, 0, 0),
            Items = [new WorkItem("t000", WorkPurpose.Training, [new GroupChunk(TaskId.Parse("t0"), 0, 2)], 2)],
        };
        await Blobs.CreateAsync(BlobNames.Plan(run, 1), plan, ContractsJson.Default.StepPlan, CancellationToken.None);
        Sent.Clear();
        return run;
    }

    public Task UpdateAsync(RunId run, Func<RunStatus, RunStatus> change) => Statuses.UpdateAsync(run, change, CancellationToken.None);

    public Task SendAsync(IWorkMessage message, CancellationToken cancellation)
    {
        Sent.Add(message);
        return Task.CompletedTask;
    }
}
