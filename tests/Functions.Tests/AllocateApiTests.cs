using System.Net;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

public class AllocateApiTests
{
    [Fact]
    public async Task An_allocation_is_solved_in_the_form_of_the_command_line()
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/api/allocate", """{"budget":16,"policy":"knapsack","tasks":[{"id":"a","successes":3,"attempts":8},{"id":"b","successRate":0.5},{"id":"c"}]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = (await JsonOf(response)).AsObject();
        string[] members = ["policy", "budget", "spent", "objective", "upperBound", "gap", "milliseconds", "allocations"];
        Assert.Equal(members, answer.Select(member => member.Key));
        Assert.Equal(16, answer["allocations"]!.AsArray().Sum(task => task!["rollouts"]!.GetValue<int>()));
        Assert.Equal(["a", "b", "c"], answer["allocations"]!.AsArray().Select(task => task!["id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_hundred_thousand_tasks_fit_in_one_request()
    {
        await using var plane = await StartAsync(underHost: true);
        var tasks = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $$"""{"id":"task-{{i:D6}}","successes":{{i % 9}},"attempts":8}"""));
        using var response = await plane.PostAsync("/api/allocate", $$"""{"budget":800000,"tasks":[{{tasks}}]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(800_000, (await JsonOf(response))["spent"]!.GetValue<double>());
    }

    [Fact]
    public async Task Every_error_is_told_with_its_place()
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/api/allocate", """{"budget":-1,"min":0.5,"policy":"best","unit":"apples","extra":1,"tasks":[{"id":"a"},{"id":"../b"},{"id":"c","successes":9,"attempts":8}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var places = (await JsonOf(response))["errors"]!.AsArray().Select(error => error!["place"]!.GetValue<string>()).ToList();
        foreach (var place in new[] { "budget", "min", "policy", "unit", "extra" }) Assert.Contains(place, places);
        Assert.Contains(places, place => place.StartsWith("tasks:2", StringComparison.Ordinal));
        Assert.Contains(places, place => place.StartsWith("tasks:3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"budget":1,"tasks":[{"id":"a"},{"id":"b"}]}""")]
    [InlineData("""{"budget":1000,"tasks":[{"id":"a"}]}""")]
    public async Task A_budget_that_cannot_be_kept_is_refused(string body)
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/api/allocate", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
