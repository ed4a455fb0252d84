using System.Net.Http.Json;
using System.Text.Json;
using Azure.Storage.Blobs;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Tests;

/// <summary>Azurite, what hosts need to find it, and a control plane's API. Leases are short and the watchdog is impatient: what was lost is found within seconds.</summary>
internal sealed class LocalCloud(AzuriteProcess azurite) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    public AzuriteProcess Azurite { get; } = azurite;

    /// <summary>Skips the test where there is no Azurite to be had.</summary>
    public static async Task<LocalCloud> StartAsync()
    {
        try
        {
            return new LocalCloud(await AzuriteProcess.StartAsync(location: null, log: null, TestContext.Current.CancellationToken));
        }
        catch (HostRefusedException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    public Dictionary<string, string> Environment { get; } = new()
    {
        ["Knapsack__Store"] = "local",
        ["Knapsack__Storage__ConnectionString"] = azurite.ConnectionString,
        ["Knapsack__Pump__Lease"] = "00:00:04",
        ["Knapsack__Pump__MaxAttempts"] = "100",
        ["Functions__Watchdog__Patience"] = "00:00:06",
        ["Functions__Watchdog__Interval"] = "00:00:01",
    };

    public static async Task<string> StartRunAsync(HttpClient client, string spec)
    {
        using var answer = await client.PostAsync("/api/runs", new StringContent(await File.ReadAllTextAsync(spec)), TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Null while the control plane does not answer.</summary>
    public static async Task<(string State, int Step)?> LookAsync(HttpClient client, string run, CancellationToken cancellation)
    {
        try
        {
            var status = await client.GetFromJsonAsync<JsonElement>($"/api/runs/{run}", cancellation);
            return (status.GetProperty("state").GetString()!, status.GetProperty("step").GetInt32());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Looks again and again until the run is as wanted; a run that failed never will be.</summary>
    /// <param name="explain">Told when it takes too long.</param>
    public static async Task WaitAsync(HttpClient client, string run, Func<(string State, int Step), bool> wanted, Func<string> explain)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        (string State, int Step)? seen = null;
        try
        {
            while (seen is not { } status || !wanted(status))
            {
                await ticks.WaitForNextTickAsync(deadline.Token);
                seen = await LookAsync(client, run, deadline.Token) ?? seen;
                Assert.NotEqual("failed", seen?.State);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"the run is {seen} after {Deadline}; {explain()}");
        }
    }

    /// <summary>Every blob equals that of a run of one process that nobody disturbed.</summary>
    public async Task AssertEqualsAsync(string undisturbed)
    {
        using var expectedStore = new FolderRunStore(undisturbed, TimeProvider.System);
        var expected = await RunContents.ReadAsync(expectedStore);
        var found = await RunContents.ReadAsync(new BlobRunStore(new BlobContainerClient(Azurite.ConnectionString, "knapsack"), blockBytes: 1 << 20));
        Assert.Equal(expected.Keys, found.Keys);
        Assert.All(expected, blob => Assert.Equal(blob.Value, found[blob.Key]));
    }

    public ValueTask DisposeAsync() => Azurite.DisposeAsync();
}
