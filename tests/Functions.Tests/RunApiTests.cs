using System.Net;
using KnapsackCloud.Core.Contracts;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

public class RunApiTests
{
    [Fact]
    public async Task A_posted_spec_starts_a_run_and_says_where_it_is()
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/api/runs", Spec());
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var run = RunId.Parse((await JsonOf(response))["id"]!.GetValue<string>());
        Assert.Equal($"/api/runs/{run}", response.Headers.Location!.OriginalString);
        Assert.Equal("running", (await plane.GetJsonAsync(response.Headers.Location.OriginalString))["state"]!.GetValue<string>());
        Assert.Equal(1, plane.Queues[Core.Ports.QueueNames.Learn].Count);
    }

    [Fact]
    public async Task A_run_is_shown_as_the_reference_says()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = (await plane.GetJsonAsync($"/api/runs/{await plane.StartRunAsync()}")).AsObject();
        string[] members = ["id", "name", "state", "step", "steps", "policyVersion", "phase", "reason", "totals", "createdAt", "updatedAt"];
        string[] totals = ["rollouts", "tokens", "effectiveGradientRatio", "effectivePromptRatio", "gpuSeconds", "estimatedUsd"];
        Assert.Equal(members, run.Select(member => member.Key));
        Assert.Equal(totals, run["totals"]!.AsObject().Select(member => member.Key));
    }

    [Fact]
    public async Task Following_the_links_shows_every_run_once()
    {
        await using var plane = await StartAsync(underHost: true);
        var started = new List<string>();
        for (var i = 0; i < 5; i++) started.Add((await plane.StartRunAsync($"run{i}")).Value);
        var seen = new List<string>();
        for (var path = "/api/runs?limit=2"; path is not null;)
        {
            using var response = await plane.GetAsync(path);
            seen.AddRange((await JsonOf(response)).AsArray().Select(run => run!["id"]!.GetValue<string>()));
            path = Next(response);
        }
        Assert.Equal(started.Order(), seen.Order());
    }

    [Fact]
    public async Task What_did_not_change_is_not_sent_again()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        using var first = await plane.GetAsync($"/api/runs/{run}");
        Assert.Equal(HttpStatusCode.NotModified, (await AgainAsync()).StatusCode);
        await plane.PostAsync($"/api/runs/{run}/pause", "");
        Assert.Equal(HttpStatusCode.OK, (await AgainAsync()).StatusCode);

        async Task<HttpResponseMessage> AgainAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{run}");
            request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            return await plane.Http.SendAsync(request, Token);
        }
    }

    [Fact]
    public async Task A_run_is_paused_resumed_and_cancelled_each_as_often_as_asked()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        foreach (var (move, state) in new[] { ("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("resume", "running"), ("cancel", "cancelled"), ("cancel", "cancelled") })
        {
            using var response = await plane.PostAsync($"/api/runs/{run}/{move}", "");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(state, (await JsonOf(response))["state"]!.GetValue<string>());
        }
        using var refused = await plane.PostAsync($"/api/runs/{run}/resume", "");
        await AssertProblemAsync(refused, HttpStatusCode.Conflict, $"run {run} is cancelled and cannot become running");
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_not_found()
    {
        await using var plane = await StartAsync(underHost: true);
        foreach (var path in new[] { "/api/runs/none", "/api/runs/none/steps", "/api/runs/none/steps/1", "/api/runs/none/policies" })
            await AssertProblemAsync(await plane.GetAsync(path), HttpStatusCode.NotFound, "there is no run none");
        await AssertProblemAsync(await plane.PostAsync("/api/runs/none/pause", ""), HttpStatusCode.NotFound, "there is no run none");
    }

    [Fact]
    public async Task Policies_are_those_with_a_manifest()
    {
        await using var plane = await StartAsync();
        var run = await plane.StartRunAsync();
        await plane.PublishAsync(run, 0);
        await UntilAsync(async () => (await plane.Statuses.ReadAsync(run, Token))!.PolicyVersion is not null);
        var policy = Assert.Single((await plane.GetJsonAsync($"/api/runs/{run}/policies")).AsArray())!;
        Assert.True(policy["current"]!.GetValue<bool>());
        Assert.Equal(3, policy["bytes"]!.GetValue<long>());
    }

    [Fact]
    public async Task Over_an_embedded_store_runs_are_only_shown()
    {
        await using var plane = await StartAsync(kind: Hosting.StoreKind.Embedded);
        await AssertProblemAsync(await plane.PostAsync("/api/runs", Spec()), HttpStatusCode.Conflict, "only shows the runs");
        Assert.Empty((await plane.GetJsonAsync("/api/runs")).AsArray());
    }

    [Fact]
    public async Task A_store_that_answers_is_healthy()
    {
        await using var plane = await StartAsync(underHost: true);
        Assert.Equal("ok", (await plane.GetJsonAsync("/api/health"))["status"]!.GetValue<string>());
    }

    internal static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string detail)
    {
        using (response)
        {
            Assert.Equal(status, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            var problem = await JsonOf(response);
            Assert.Equal((int)status, problem["status"]!.GetValue<int>());
            Assert.Contains(detail, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    private static string? Next(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
}
