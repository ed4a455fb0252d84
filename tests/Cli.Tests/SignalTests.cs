using System.Text.Json;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Tests;

/// <summary>Hosts as a cloud runs them, each a process of its own: one is frozen beyond its lease, then all are told to end and started anew.</summary>
public class SignalTests
{
    /// <summary>What a worker says that was frozen with work in hand, wherever in it.</summary>
    private static readonly string[] Late = ["the lease was lost", "was done elsewhere meanwhile"];
    /// <summary>A frozen worker may have had nothing in hand just then.</summary>
    private const int Freezes = 6;
    /// <summary>A worker that has something in hand most of the time.</summary>
    private static readonly string Spec = SmallRun.Spec
        .Replace("\"steps\": 4", "\"steps\": 30", StringComparison.Ordinal)
        .Replace("\"perStep\": 12", "\"perStep\": 48", StringComparison.Ordinal)
        .Replace("\"policy\": \"posterior\", \"rolloutsPerTask\": 6, \"min\": 2, \"max\": 12", "\"policy\": \"uniform\", \"rolloutsPerTask\": 64, \"min\": 2, \"max\": 64", StringComparison.Ordinal)
        .Replace("\"minibatchRows\": 16", "\"minibatchRows\": 4096", StringComparison.Ordinal)
        .Replace("\"keepEvery\": 1", "\"keepEvery\": 10", StringComparison.Ordinal);
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_worker_that_finishes_after_its_lease_and_hosts_that_are_told_to_end_change_nothing_of_the_run()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the signals of Unix");
        using var folder = new TestFolder();
        await using var cloud = await LocalCloud.StartAsync();
        var spec = folder.Write("spec.json", Spec);
        var undisturbed = await Knapsack.RunAsync("run", spec, "--out", folder.At("undisturbed"), "--json");
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Errors);

        var port = LoopbackPorts.Free(1)[0].ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        string run;
        using (var hosts = new Hosts(cloud, port))
        {
            await hosts.AnswerAsync(client);
            run = await LocalCloud.StartRunAsync(client, spec);
            await FreezeUntilALeaseIsLostAsync(hosts.FirstWorker, client, run);
            await hosts.EndAsync(TimeToEnd);
        }

        using (var hosts = new Hosts(cloud, port))
        {
            await hosts.AnswerAsync(client);
            Assert.Equal("running", (await LocalCloud.LookAsync(client, run, TestContext.Current.CancellationToken))?.State);
            await LocalCloud.WaitAsync(client, run, status => status.State == "completed", () => "no log");
            await hosts.EndAsync(TimeToEnd);
        }

        var listed = await Knapsack.RunAsync(cloud.Environment, "runs", "--store", "local", "--json");
        Assert.Equal("Completed", Assert.Single(JsonDocument.Parse(listed.Output).RootElement.GetProperty("runs").EnumerateArray()).GetProperty("state").GetString());
        await cloud.AssertEqualsAsync(folder.At("undisturbed"));
    }

    private static async Task FreezeUntilALeaseIsLostAsync(Knapsack worker, HttpClient client, string run)
    {
        await LocalCloud.WaitAsync(client, run, status => status.Step >= 1, () => "no step was done");
        for (var freezes = 0; freezes < Freezes && !IsLate(worker); freezes++)
        {
            var step = (await LocalCloud.LookAsync(client, run, TestContext.Current.CancellationToken))!.Value.Step;
            await Signal.FreezeAsync(worker.ProcessId);
            // What the frozen worker has in hand goes to the other one, or the run could not get so far.
            await LocalCloud.WaitAsync(client, run, status => status.Step >= step + 2, () => "it waits for the frozen worker");
            await Signal.ThawAsync(worker.ProcessId);
            await LocalCloud.WaitAsync(client, run, status => status.Step >= step + 3, () => "it does not go on");
        }

        Assert.True(IsLate(worker), "the worker was never frozen with work in hand");
    }

    private static bool IsLate(Knapsack worker) => Late.Any(worker.HasSaid);

    /// <summary>Two workers, a learner and a control plane.</summary>
    private sealed class Hosts(LocalCloud cloud, string port) : IDisposable
    {
        private readonly List<Knapsack> _hosts =
        [
            Knapsack.Start(cloud.Environment, "worker", "--items", "1"), Knapsack.Start(cloud.Environment, "worker", "--items", "1"),
            Knapsack.Start(cloud.Environment, "learner"), Knapsack.Start(cloud.Environment, "functions", "--port", port),
        ];

        public Knapsack FirstWorker => _hosts[0];

        public async Task AnswerAsync(HttpClient client)
        {
            using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (!await HealthyAsync(client)) await ticks.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        /// <summary>Told to end, each is gone in time, with exit code 0.</summary>
        public async Task EndAsync(TimeSpan time)
        {
            foreach (var host in _hosts) await Signal.TerminateAsync(host.ProcessId);
            foreach (var result in await Task.WhenAll(_hosts.Select(host => host.FinishAsync())).WaitAsync(time, TestContext.Current.CancellationToken))
                Assert.True(result.ExitCode == 0, result.Errors);
        }

        public void Dispose() => _hosts.ForEach(host => host.Dispose());

        private async Task<bool> HealthyAsync(HttpClient client)
        {
            try
            {
                using var answer = await client.GetAsync("/api/health", TestContext.Current.CancellationToken);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                Assert.All(_hosts, host => Assert.False(host.HasSaid("cannot start"), "a host cannot start"));
                return false;
            }
        }
    }
}
