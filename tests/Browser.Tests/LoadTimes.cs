using System.Diagnostics;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Functions.Tests;
using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Local;
using KnapsackCloud.Tests.Shared;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KnapsackCloud.Browser.Tests;

/// <summary>Measures what people wait for; asked for by name (benchmarks/results/dashboard.md), never a check.</summary>
public class LoadTimes(Chromium chromium, ITestOutputHelper output)
{
    private const int Steps = 1_000;
    private const int Looks = 9;

    [Fact(Explicit = true)]
    public async Task Of_a_run_of_a_thousand_steps_in_a_folder()
    {
        using var folder = new TempFolder();
        using var store = new FolderRunStore(folder["store"], TimeProvider.System);
        var tasks = MadeUpRun.Tasks(64);
        await using var writer = await ControlPlaneUnderTest.StartAsync(kind: StoreKind.Embedded, store: store);
        var run = await MadeUpRun.StartAsync(writer, tasks, Steps + Looks);
        for (var step = 1; step <= Steps; step++) await MadeUpRun.AddStepAsync(writer, run, step, tasks);

        // A process of its own, and pages of fresh profiles: at the first look both have their caches empty.
        var port = LoopbackPorts.Free(1)[0];
        await using var plane = new ServerProcess(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "knapsack.dll"), "functions", "--store", "embedded", "--out", folder["store"], "--port", $"{port}"], new Dictionary<string, string>(), folder.Path);
        Assert.True(await plane.AnswersAsync([port], TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken), plane.Output);
        var address = new Uri($"http://127.0.0.1:{port}");
        var looks = new List<double>();
        for (var look = 0; look <= Looks; look++)
        {
            var page = await chromium.OpenAsync(address);
            looks.Add(await SecondsAsync(() => page.GotoAsync($"/#/runs/{run}"), page, $"{Steps:N0} of"));
            await page.CloseAsync();
        }

        var open = await chromium.OpenAsync(address);
        await SecondsAsync(() => open.GotoAsync($"/#/runs/{run}"), open, $"{Steps:N0} of");
        var comings = new List<double>();
        for (var step = Steps + 1; step <= Steps + Looks; step++)
            comings.Add(await SecondsAsync(() => MadeUpRun.AddStepAsync(writer, run, step, tasks), open, $"{step:N0} of"));

        Tell("first look", looks[..1]);
        Tell("later looks", looks[1..]);
        Tell("a new step", comings);
    }

    /// <summary>From the start of what is done until the page says where the run is and has drawn its first chart.</summary>
    private static async Task<double> SecondsAsync(Func<Task> doIt, IPage page, string text)
    {
        var started = Stopwatch.GetTimestamp();
        await doIt();
        await page.GetByText(text).WaitForAsync();
        await Expect(page.Locator("figure", new() { HasText = "Reward" }).Locator("polyline").First).ToBeVisibleAsync();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private void Tell(string what, List<double> seconds) =>
        output.WriteLine(FormattableString.Invariant($"{what}: {seconds.Order().ElementAt(seconds.Count / 2):F2} s ({seconds.Min():F2} to {seconds.Max():F2}, {seconds.Count} times)"));
}
