using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Queues;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Tests;

/// <summary><c>knapsack up</c> over Azurite, as a user has it.</summary>
public class UpTests
{
    private const int Kills = 6;
    /// <summary>Kills that must fall before the run is done, or it was hardly disturbed.</summary>
    private const int LeastKills = 2;
    private static readonly TimeSpan BetweenBlows = TimeSpan.FromMilliseconds(1500);

    [Fact]
    public async Task Processes_are_killed_and_messages_lost_doubled_and_spoiled_and_the_run_is_that_of_one_process_undisturbed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "finds its processes in /proc");
        using var folder = new TestFolder();
        await using var cloud = await LocalCloud.StartAsync();
        // In rounds, where a step goes through the queues twice.
        var spec = folder.Write("spec.json", SmallRun.Spec.Replace("posterior", "rounds", StringComparison.Ordinal));
        var undisturbed = await Knapsack.RunAsync("run", spec, "--out", folder.At("undisturbed"), "--json");
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Errors);

        using var up = Knapsack.Start(cloud.Environment, "up", "--workers", "2", "--port", "0", "--out", folder.At("up"));
        using var client = new HttpClient { BaseAddress = await up.AddressAsync() };
        var run = await LocalCloud.StartRunAsync(client, spec);
        await DisturbAsync(up.ProcessId, cloud.Azurite, client, run);
        await LocalCloud.WaitAsync(client, run, status => status.State == "completed", () => LastLines(folder.At("up/logs")));
        await Signal.InterruptAsync(up.ProcessId);
        var stopped = await up.FinishAsync();
        Assert.True(stopped.ExitCode == 0, stopped.Errors);
        Assert.Empty(Hosts(up.ProcessId));

        await cloud.AssertEqualsAsync(folder.At("undisturbed"));
    }

    /// <summary>In turn: a host is killed, a message lost, one doubled, one spoiled; which of them, a seed says.</summary>
    private static async Task DisturbAsync(int up, AzuriteProcess azurite, HttpClient client, string run)
    {
        var random = new CounterRandom(20261127);
        var cancellation = TestContext.Current.CancellationToken;
        using var blows = new PeriodicTimer(BetweenBlows);
        for (var kills = 0; kills < Kills;)
        {
            await blows.WaitForNextTickAsync(cancellation);
            var hosts = Hosts(up).ToList();
            if (hosts.Count > 0 && TryKill(hosts[(int)random.Next(hosts.Count)])) kills++;
            var queue = new QueueClient(azurite.ConnectionString, QueueNames.All[(int)random.Next(QueueNames.All.Count)]);
            if (await queue.ReceiveMessageAsync(TimeSpan.FromSeconds(1), cancellation) is { Value: { } message })
            {
                if (random.Next(2) == 0) await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellation);
                else await queue.SendMessageAsync(message.Body, cancellationToken: cancellation);
            }

            await queue.SendMessageAsync("{ no message", cancellation);
            // Null while the control plane is down: then the run goes on once it is back.
            Assert.NotEqual("completed", kills < LeastKills ? (await LocalCloud.LookAsync(client, run, cancellation))?.State : null);
        }
    }

    private static string LastLines(string logs) =>
        $"logs in {logs}: {string.Join('\n', Directory.GetFiles(logs).Select(log => File.ReadLines(log).LastOrDefault()))}";

    private static bool TryKill(int process)
    {
        try
        {
            using var host = Process.GetProcessById(process);
            host.Kill();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The control plane, workers and learner below a process.</summary>
    private static IEnumerable<int> Hosts(int ancestor)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.GetDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Read($"{folder}/stat") is { } stat)
                parents[id] = int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return parents.Keys.Where(id => IsBelow(id) && Read($"/proc/{id}/cmdline")?.Split('\0') is [_, var program, "functions" or "worker" or "learner", ..] && program.EndsWith("knapsack.dll", StringComparison.Ordinal)).Order();

        bool IsBelow(int id)
        {
            while (parents.TryGetValue(id, out var parent))
            {
                if (parent == ancestor) return true;
                id = parent;
            }

            return false;
        }
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
