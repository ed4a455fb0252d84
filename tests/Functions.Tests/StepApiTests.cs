using System.Net;
using KnapsackCloud.Core.Contracts;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

public class StepApiTests
{
    private static readonly TaskId Task1 = TaskId.Parse("a");

    [Fact]
    public async Task Steps_come_in_order_and_in_pages()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync(steps: 9);
        for (var step = 1; step <= 5; step++) await plane.Blobs.CreateAsync(BlobNames.Summary(run, step), Summary(step), ContractsJson.Default.StepSummary, Token);
        await plane.Statuses.UpdateAsync(run, status => status with { Step = 4 }, Token);
        using var first = await plane.GetAsync($"/api/runs/{run}/steps?limit=3");
        Assert.Equal([1, 2, 3], (await JsonOf(first)).AsArray().Select(step => step!["step"]!.GetValue<int>()));
        Assert.Equal($"</api/runs/{run}/steps?limit=3&after=3>; rel=\"next\"", first.Headers.GetValues("Link").Single());
        using var second = await plane.GetAsync($"/api/runs/{run}/steps?limit=3&after=3");
        Assert.Equal([4, 5], (await JsonOf(second)).AsArray().Select(step => step!["step"]!.GetValue<int>()));
        Assert.False(second.Headers.Contains("Link"));
    }

    [Fact]
    public async Task The_rounds_of_a_step_are_shown_as_one_plan()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1), Plan(1, 2, isLast: false), ContractsJson.Default.StepPlan, Token);
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1, 2), Plan(2, 3, isLast: true), ContractsJson.Default.StepPlan, Token);
        var plan = (await plane.GetJsonAsync($"/api/runs/{run}/steps/1"))["plan"]!;
        Assert.Equal(2, plan["round"]!.GetValue<int>());
        Assert.Equal(5, Assert.Single(plan["allocations"]!.AsArray())!["rollouts"]!.GetValue<int>());
        Assert.Equal(2, plan["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_step_that_is_not_planned_is_not_found()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        await RunApiTests.AssertProblemAsync(await plane.GetAsync($"/api/runs/{run}/steps/1"), HttpStatusCode.NotFound, "has no step 1 yet");
    }

    private static StepPlan Plan(int round, int rollouts, bool isLast) => new()
    {
        Step = 1,
        Round = round,
        IsLast = isLast,
        Policy = new PolicyVersion(0),
        AllocationPolicy = "rounds",
        Allocations = [new TaskAllocation(Task1, rollouts, 0.1, 1, 0.5, 0.5)],
        Certificate = new PlanCertificate(5, rollouts, 0.1, 0.1, 0),
        Items = [new WorkItem($"t{round:D3}", WorkPurpose.Training, [new GroupChunk(Task1, round == 1 ? 0 : 2, rollouts)], 2) { Round = round }],
    };

    private static StepSummary Summary(int step) => new()
    {
        Step = step,
        Policy = new PolicyVersion(step - 1),
        Groups = 1,
        MixedGroups = 1,
        Rollouts = 4,
        MixedRollouts = 4,
        ErroredRollouts = 0,
        MeanReward = 0.5,
        Tokens = 8,
        GenerationSeconds = 1,
        Families = [],
        Predicted = new PlanPrediction(0.5, 1, 1),
    };
}
