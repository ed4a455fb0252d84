using System.Net;
using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

/// <summary>On its own the process reads its queues itself.</summary>
public class OwnQueuesTests
{
    [Fact]
    public async Task A_run_goes_from_the_first_policy_to_work_for_the_workers()
    {
        await using var plane = await StartAsync();
        var run = await plane.StartRunAsync();
        await plane.PublishAsync(run, 0);
        await UntilAsync(() => Task.FromResult(plane.Queues[QueueNames.Rollouts].Count > 0));
        Assert.NotNull((await plane.GetJsonAsync($"/api/runs/{run}/steps/1"))["plan"]);
        await UntilAsync(async () => (await plane.GetJsonAsync($"/api/runs/{run}"))["phase"]!.GetValue<string>() == "rollout");
    }

    [Fact]
    public async Task Told_to_look_only_it_shows_the_runs_of_another_and_takes_none_of_its_work()
    {
        await using var other = await StartAsync(underHost: true);
        var run = await other.StartRunAsync();
        await using var plane = await StartAsync(store: other.Store, lookOnly: true);
        await plane.Queues[QueueNames.Plan].SendAsync(Encoding.UTF8.GetBytes("hello"), "poison", TimeSpan.Zero, Token);

        Assert.False((await plane.GetJsonAsync("/api/health"))["changes"]!.GetValue<bool>());
        Assert.Equal(run.Value, (await plane.GetJsonAsync($"/api/runs/{run}"))["id"]!.GetValue<string>());
        await RunApiTests.AssertProblemAsync(await plane.PostAsync($"/api/runs/{run}/pause", ""), HttpStatusCode.Conflict, "only shows runs");
        await RunApiTests.AssertProblemAsync(await plane.PostAsync("/api/runs", Spec()), HttpStatusCode.Conflict, "only shows runs");
        var queues = (await plane.GetJsonAsync($"/api/runs/{run}/progress"))["queues"]!.AsArray();
        Assert.Equal(1, queues.Single(queue => queue!["name"]!.GetValue<string>() == QueueNames.Plan)!["messages"]!.GetValue<long>());
        Assert.Empty(plane.Services<IMessagePump>());
    }

    public static TheoryData<string, string> Poison => new()
    {
        { "hello", "not a PlanRequest" },
        { """{"format":1,"run":"../../etc","step":1}""", "not a PlanRequest" },
        { """{"format":99,"run":"none","step":1}""", "message format 99 is not known" },
        { """{"format":1,"run":"none","step":2000000000}""", "out of range" },
        { """{"format":1,"run":"none","step":1}""", "there is no run none" },
        { new string('[', 200_000), "not a PlanRequest" },
    };

    [Theory, MemberData(nameof(Poison))]
    public async Task A_wrong_message_becomes_a_dead_letter_with_the_reason_and_the_next_one_is_done(string body, string reason)
    {
        await using var plane = await StartAsync();
        var queue = plane.Queues[QueueNames.Plan];
        await queue.SendAsync(Encoding.UTF8.GetBytes(body), "poison", TimeSpan.Zero, Token);
        await UntilAsync(() => Task.FromResult(queue.DeadLetters.Count == 1));
        Assert.Contains(reason, queue.DeadLetters[0].Reason, StringComparison.Ordinal);

        var run = await plane.StartRunAsync();
        await plane.PublishAsync(run, 0);
        await UntilAsync(() => plane.Store.ExistsAsync(BlobNames.Plan(run, 1), Token));
    }
}
