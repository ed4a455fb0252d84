using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Hosting.Tests;

public class IdleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_ends_by_itself_when_no_pump_had_work_for_a_while_and_not_before()
    {
        var time = new FakeTimeProvider();
        var queue = new MemoryQueue(QueueNames.Plan, time, new MemoryQueueOptions { Poll = TimeSpan.Zero });
        var looks = new CountedQueue(queue);
        using var host = Build(time, looks, out var work);
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await host.StartAsync(Token);

        time.Advance(Patience - TimeSpan.FromSeconds(1));
        await looks.MoreAsync();
        await new Outbox(new Dictionary<string, IWorkQueue> { [QueueNames.Plan] = queue }).SendAsync(new PlanRequest(RunId.Parse("r"), 1), Token);
        await work.Started.Task.WaitAsync(Token);
        // Work that takes longer than the patience is no idling: the second pump looks and finds nothing all the while.
        time.Advance(Patience * 2);
        await looks.MoreAsync();
        Assert.False(stopping.IsCancellationRequested);

        var stopped = new TaskCompletionSource();
        await using var registration = stopping.Register(stopped.SetResult);
        work.End.SetResult();
        // Again and again: the pump that worked may see its end only after others have looked, and its rest begins then.
        while (await Task.WhenAny(stopped.Task, looks.MoreAsync()) != stopped.Task) time.Advance(Patience);
        await host.WaitForShutdownAsync(Token);
    }

    private static IHost Build(FakeTimeProvider time, IWorkQueue queue, out Work work)
    {
        work = new Work();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(time).AddSingleton(work);
        builder.AddKnapsack(new KnapsackOptions(), new Backplane(new InMemoryRunStore(), new Dictionary<string, IWorkQueue> { [QueueNames.Plan] = queue }));
        builder.Services.AddPump<PlanRequest, Handler>(QueueNames.Plan, count: 2);
        builder.Services.AddIdleExit(Patience);
        return builder.Build();
    }

    private sealed class Work
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Handler(Work work) : IWorkHandler<PlanRequest>
    {
        public async Task<WorkOutcome> HandleAsync(PlanRequest message, CancellationToken cancellation)
        {
            work.Started.TrySetResult();
            await work.End.Task.WaitAsync(cancellation);
            return WorkOutcome.Done;
        }

        public Task GiveUpAsync(PlanRequest message, Exception error, CancellationToken cancellation) => Task.CompletedTask;
    }

    /// <summary>Tells when it was looked at and answered some times more, by whichever pump.</summary>
    private sealed class CountedQueue(IWorkQueue inner) : IWorkQueue
    {
        private const int Some = 4;
        private readonly Lock _gate = new();
        private int _wanted;
        private TaskCompletionSource? _seen;

        public string Name => inner.Name;

        public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) => inner.SendAsync(body, id, delay, cancellation);

        public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
        {
            await Task.Yield();
            lock (_gate)
                if (_seen is not null && --_wanted == 0) _seen.SetResult();
            return await inner.ReceiveAsync(duration, cancellation);
        }

        public Task MoreAsync()
        {
            lock (_gate)
            {
                (_wanted, _seen) = (Some, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                return _seen.Task.WaitAsync(Token);
            }
        }
    }
}
