using System.Net.Http.Json;
using System.Text.Json;
using KnapsackCloud.Functions;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The images, built and run where a Docker daemon answers: a whole step of a run goes through their containers.</summary>
[Collection(Builds.Name)]
public sealed class DockerTests : IAsyncDisposable
{
    private const string Prefix = "knapsack-test";
    private static readonly string[] Hosts = ["gpu-worker", "learner"];
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<string> _started = [];
    private Task<int>? _plane;

    [Fact]
    public async Task Containers_do_a_step_as_nobody_in_particular_and_stop_on_SIGTERM()
    {
        await SkipWithoutDockerAsync();
        foreach (var host in Hosts) Succeeded(await DockerAsync("build", "--network", "host", "--file", "build/Dockerfile", "--build-arg", $"Host={host}", "--tag", Image(host), "."));
        var (worker, learner) = (await LayersAsync("gpu-worker"), await LayersAsync("learner"));
        Assert.Equal(worker[..^1], learner[..^1]);
        Assert.NotEqual(worker[^1], learner[^1]);

        await using var azurite = await AzuriteProcess.StartAsync(location: null, log: null, TestContext.Current.CancellationToken);
        foreach (var host in Hosts)
        {
            _started.Add(host);
            Succeeded(await DockerAsync("run", "--detach", "--network", "host", "--read-only", "--tmpfs", "/tmp:exec", "--name", Image(host), "--env", $"Knapsack__Storage__ConnectionString={azurite.ConnectionString}", Image(host)));
        }

        Assert.Equal("completed", await RunAsync(azurite.ConnectionString));
        foreach (var host in Hosts)
        {
            Assert.Equal("1654", (await DockerAsync("inspect", "--format", "{{.Config.User}}", Image(host))).Output.Trim());
            Succeeded(await DockerAsync("stop", "--time", "10", Image(host)));
            // Of a container that had to be killed it is 137.
            Assert.Equal("0", (await DockerAsync("inspect", "--format", "{{.State.ExitCode}}", Image(host))).Output.Trim());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_plane is not null) await _plane;
        _stop.Dispose();
        foreach (var host in _started) await DockerAsync("rm", "--force", Image(host));
    }

    /// <summary>The smoke run of a deployment, with a control plane in this process. Returns its last state.</summary>
    private async Task<string> RunAsync(string store)
    {
        var port = LoopbackPorts.Free(1).Single();
        _plane = FunctionsHost.RunAsync([$"--Functions:Port={port}", $"--Knapsack:Storage:ConnectionString={store}"], _stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        _stop.CancelAfter(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await LoopbackPorts.AnswersAsync(port, _stop.Token)) await ticks.WaitForNextTickAsync(_stop.Token);
        using var started = await client.PostAsync("/api/runs", new StringContent(Repository.Read("infra/hooks/smoke.json")), _stop.Token);
        var run = started.Headers.Location!;
        while (true)
        {
            var state = (await client.GetFromJsonAsync<JsonElement>(run, _stop.Token)).GetProperty("state").GetString()!;
            if (state is not ("created" or "running")) return state;
            await ticks.WaitForNextTickAsync(_stop.Token);
        }
    }

    private static async Task<string[]> LayersAsync(string host) =>
        JsonSerializer.Deserialize<string[]>((await DockerAsync("inspect", "--format", "{{json .RootFS.Layers}}", Image(host))).Output)!;

    private static async Task SkipWithoutDockerAsync()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "docker"))), "there is no Docker: images are not built");
        Assert.SkipUnless((await DockerAsync("version", "--format", "{{.Server.Version}}")).ExitCode == 0, "no Docker daemon answers: images are not built");
        foreach (var image in ImageTests.Bases())
            Assert.SkipUnless((await DockerAsync("image", "inspect", image)).ExitCode == 0 || (await DockerAsync("pull", "--quiet", image)).ExitCode == 0, $"base image {image} is not to be had: images are not built");
    }

    private static void Succeeded(ToolResult result) => Assert.True(result.ExitCode == 0, result.All);

    private static string Image(string host) => $"{Prefix}-{host}";

    private static Task<ToolResult> DockerAsync(params string[] arguments) => Tool.RunAsync("docker", Repository.Root, arguments);
}
