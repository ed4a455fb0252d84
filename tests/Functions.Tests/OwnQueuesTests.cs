using System.Text;
using KnapsackCloud.Core.Contracts;
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
