using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Hosting.Tests;

public class PumpHostTests
{
    private static readonly RunId Run = RunId.Parse("run-1");
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stages_are_made_from_the_services_and_work_until_the_host_stops()
    {
        using var folder = new TempFolder();
        await using var backplane = await Backplane.OpenAsync(new KnapsackOptions { Store = StoreKind.Embedded, Folder = folder["store"] }, TimeProvider.System, Token);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddKnapsack(new KnapsackOptions(), backplane);
        builder.Services.AddPump<CheckpointReady, PublishHandler>(QueueNames.CheckpointReady);
        using var host = builder.Build();
        await host.StartAsync(Token);
        await host.Services.GetRequiredService<IMessageSender>().SendAsync(new CheckpointReady(Run, new PolicyVersion(0)), Token);
        await FirstLetterAsync((MemoryQueue)backplane.Queues[QueueNames.CheckpointReady]);
        await host.StopAsync(Token);

        var letter = Assert.Single(((MemoryQueue)backplane.Queues[QueueNames.CheckpointReady]).DeadLetters);
        Assert.Equal($"there is no run {Run}", letter.Reason);
    }

    [Fact]
    public async Task Work_that_does_not_end_in_time_is_cancelled_on_a_stop_and_its_message_given_back_without_using_an_attempt()
    {
        var time = new FakeTimeProvider();
        var queue = new MemoryQueue(QueueNames.Plan, time, new MemoryQueueOptions());
        var handler = new EndlessHandler();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(time).AddSingleton(handler);
        builder.AddKnapsack(new KnapsackOptions(), new Backplane(new InMemoryRunStore(), new Dictionary<string, IWorkQueue> { [QueueNames.Plan] = queue }));
        builder.Services.AddPump<PlanRequest, HandlerOfTest>(QueueNames.Plan);
        using var host = builder.Build();
        await host.StartAsync(Token);
        await host.Services.GetRequiredService<IMessageSender>().SendAsync(new PlanRequest(Run, 1), Token);
        await handler.Started.Task.WaitAsync(Token);

        var stopping = host.StopAsync(Token);
        Assert.False(handler.Cancelled);
        time.Advance(HostingSetup.TimeToStop);
        await stopping;
        Assert.True(handler.Cancelled);
        Assert.Equal(1, (await queue.ReceiveAsync(TimeSpan.FromMinutes(1), Token))!.Attempt);
    }

    private static async Task FirstLetterAsync(MemoryQueue queue)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (queue.DeadLetters.Count == 0) await pause.WaitForNextTickAsync(Token);
    }

    private sealed class EndlessHandler
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public bool Cancelled { get; set; }
    }

    private sealed class HandlerOfTest(EndlessHandler work) : IWorkHandler<PlanRequest>
    {
        public async Task<WorkOutcome> HandleAsync(PlanRequest message, CancellationToken cancellation)
        {
            work.Started.TrySetResult();
            var cancelled = new TaskCompletionSource();
            await using var watch = cancellation.Register(() => cancelled.SetResult());
            await cancelled.Task;
            work.Cancelled = true;
            throw new OperationCanceledException(cancellation);
        }

        public Task GiveUpAsync(PlanRequest message, Exception error, CancellationToken cancellation) => Task.CompletedTask;
    }
}
