using System.Collections.Concurrent;
using System.Net;
using KnapsackCloud.Core.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The hook after deploying: one step through every host, whose end it waits for.</summary>
public class PostdeployTests
{
    private const string Key = "key-of-the-functions";

    public static TheoryData<string> Shells => Hook.Shells;

    [Fact]
    public void Its_run_is_a_valid_one_and_small()
    {
        var spec = RunSpecReader.Read("smoke.json", Repository.Read("infra/hooks/smoke.json"));
        Assert.Equal(1, spec.Steps);
        Assert.InRange(spec.Limits.GpuSeconds!.Value, 60, 3600);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task It_waits_for_the_control_plane_then_for_the_run(string shell)
    {
        await using var plane = await Plane.StartAsync(healthy: 3, "created", "running", "completed");
        using var hook = Of(plane);
        var result = await hook.RunAsync(shell, "postdeploy");
        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.EndsWith("smoke run smoke-1 is completed: plan, rollouts, learning and publishing work\n", result.Errors, StringComparison.Ordinal);
        Assert.Equal(
            ["GET /api/health", "GET /api/health", "GET /api/health", "POST /api/runs", "GET /api/runs/smoke-1", "GET /api/runs/smoke-1", "GET /api/runs/smoke-1"],
            plane.Calls.Select(call => call.Request));
        Assert.All(plane.Calls, call => Assert.Equal((Key, ""), (call.Key, call.Token)));
        Assert.Equal(Repository.Read("infra/hooks/smoke.json").ReplaceLineEndings(""), plane.Body!.ReplaceLineEndings(""));
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task With_an_app_registration_it_shows_a_token_too(string shell)
    {
        await using var plane = await Plane.StartAsync(healthy: 1, "completed");
        using var hook = Of(plane).With("KNAPSACK_API_CLIENT_ID", "app-1");
        Assert.Equal(0, (await hook.RunAsync(shell, "postdeploy")).ExitCode);
        Assert.All(plane.Calls, call => Assert.Equal("Bearer token for api://app-1", call.Token));
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task A_run_that_failed_fails_the_deployment_with_its_reason(string shell)
    {
        await using var plane = await Plane.StartAsync(healthy: 1, "running", "failed");
        using var hook = Of(plane);
        var result = await hook.RunAsync(shell, "postdeploy");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("smoke run smoke-1 did not complete", result.Errors, StringComparison.Ordinal);
        Assert.Contains("no GPU answered", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task A_run_that_stands_still_is_given_up(string shell)
    {
        await using var plane = await Plane.StartAsync(healthy: 1, [.. Enumerable.Repeat("running", 20)]);
        using var hook = Of(plane);
        var result = await hook.RunAsync(shell, "postdeploy");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("stands still", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task It_can_be_left_out(string shell)
    {
        using var hook = new Hook().With("KNAPSACK_SMOKE", "off").With("KNAPSACK_API_URL", "http://127.0.0.1:1");
        Assert.Equal((0, "knapsack: no smoke run: KNAPSACK_SMOKE is off\n"), await hook.RunAsync(shell, "postdeploy") is var result ? (result.ExitCode, result.Errors) : default);
    }

    private static Hook Of(Plane plane) => new Hook()
        .With("KNAPSACK_API_URL", plane.Url).With("AZURE_RESOURCE_GROUP", "rg-first").With("KNAPSACK_FUNCTIONS_NAME", "func-first")
        .With("KNAPSACK_SMOKE_PAUSE", "0").With("KNAPSACK_SMOKE_LOOKS", "8")
        .WithProgram("az", $"""
            case "$*" in
              "functionapp keys list --resource-group rg-first --name func-first"*) echo {Key} ;;
              "account get-access-token --resource api://app-1"*) echo "token for api://app-1" ;;
              *) exit 9 ;;
            esac
            """);

    private sealed record Call(string Request, string Key, string Token);

    /// <summary>Answers as the control plane does, one state of the run after the other.</summary>
    private sealed class Plane(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<Call> Calls { get; } = [];
        public string Url => app.Urls.Single();
        public string? Body { get; private set; }

        /// <param name="healthy">Call from which on it is healthy.</param>
        public static async Task<Plane> StartAsync(int healthy, params string[] states)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var plane = new Plane(builder.Build());
            plane.Map(healthy, new Queue<string>(states));
            await plane.StartAsync();
            return plane;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task StartAsync() => app.StartAsync();

        private void Map(int healthy, Queue<string> states)
        {
            var asked = 0;
            app.Use(async (context, next) =>
            {
                Calls.Enqueue(new Call($"{context.Request.Method} {context.Request.Path}", context.Request.Headers["x-functions-key"].ToString(), context.Request.Headers.Authorization.ToString()));
                await next(context);
            });
            app.MapGet("/api/health", context => Status(context, ++asked < healthy ? 503 : 200, "{}"));
            app.MapPost("/api/runs", async context =>
            {
                Body = await new StreamReader(context.Request.Body).ReadToEndAsync();
                await Status(context, 202, """{"id":"smoke-1","name":"smoke","state":"created"}""");
            });
            app.MapGet("/api/runs/smoke-1", context => Status(context, 200, $$"""{"id":"smoke-1","state":"{{states.Dequeue()}}","reason":"no GPU answered"}"""));
        }

        private static Task Status(HttpContext context, int status, string json)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(json);
        }
    }
}
