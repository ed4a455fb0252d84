using System.Diagnostics;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Functions;
using KnapsackCloud.Functions.Tests;
using KnapsackCloud.Hosting;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Tests.Shared;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KnapsackCloud.Browser.Tests;

public class RealRunTests(Chromium chromium)
{
    /// <summary>A folder for pictures of the pages; without it none are made.</summary>
    private const string PicturesVariable = "KNAPSACK_PICTURES";
    private const float Patience = 120_000;

    private const string Spec = """
        {
          "name": "small", "seed": 5, "steps": 4,
          "model": { "source": "warmup:arithmetic?target=0.02" },
          "tasks": { "source": "arithmetic:add1-2,sub1?pool=48&heldOut=3", "perStep": 12 },
          "allocation": { "policy": "posterior", "rolloutsPerTask": 6, "min": 2, "max": 12 },
          "learning": { "minibatchRows": 16 },
          "evaluation": { "every": 2, "samples": 2 }
        }
        """;

    [Fact]
    public async Task A_run_shows_up_while_it_trains_and_every_rollout_can_be_read()
    {
        using var folder = new TempFolder();
        using var store = new FolderRunStore(folder["store"], TimeProvider.System);
        await using var plane = await ControlPlaneUnderTest.StartAsync(kind: StoreKind.Embedded, store: store, tools: new ControlPlaneTools { LoadTokenizer = TokenizerLoader.Load });
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        page.SetDefaultTimeout(Patience);
        await page.GotoAsync("/");
        await Expect(page.GetByText("There is no run yet.")).ToBeVisibleAsync();

        await File.WriteAllTextAsync(folder["spec.json"], Spec, TestContext.Current.CancellationToken);
        using var training = Start("run", folder["spec.json"], "--out", folder["store"], "--json");
        var ended = training.WaitForExitAsync(TestContext.Current.CancellationToken);
        await await Task.WhenAny(page.GetByRole(AriaRole.Link, new() { Name = "small-" }).ClickAsync(), ended);
        Assert.True(!ended.IsCompleted || training.ExitCode == 0, "the training process ended before it had a run; its output says why");
        await Expect(page.Locator(".state")).ToHaveTextAsync("completed", new() { Timeout = Patience });
        await Expect(page.GetByText("4 of 4")).ToBeVisibleAsync();
        await Expect(page.Locator("rect.cell").First).ToBeVisibleAsync();
        await ended;
        Assert.Equal(0, training.ExitCode);

        await page.GetByRole(AriaRole.Link, new() { Name = "4", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Tasks of step 4" }).Locator("tbody tr")).ToHaveCountAsync(12);
        await page.GetByRole(AriaRole.Link, new() { Name = "add1-" }).First.ClickAsync();
        await Expect(page.Locator("article.rollout").First).ToBeVisibleAsync();
        var gold = await page.Locator("main > pre").Nth(1).TextContentAsync();
        foreach (var rollout in await page.Locator("article.rollout").AllAsync())
            Assert.Equal((await rollout.GetAttributeAsync("class"))!.Contains("right", StringComparison.Ordinal), (await rollout.Locator("pre").TextContentAsync())!.Split('⟨')[0] == gold);
        await page.GetByLabel("show each token's log-prob").CheckAsync();
        await Expect(page.Locator(".rollouts.numbers")).ToBeVisibleAsync();
    }

    /// <summary>Makes the pictures of the documentation from the store that <c>KNAPSACK_PICTURES_STORE</c> names.</summary>
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Pictures_for_the_documentation(ColorScheme scheme)
    {
        var (folder, runs) = (Environment.GetEnvironmentVariable(PicturesVariable), Environment.GetEnvironmentVariable($"{PicturesVariable}_STORE"));
        Assert.SkipWhen(folder is null || runs is null, $"makes pictures only where {PicturesVariable} and {PicturesVariable}_STORE name folders");
        using var store = new FolderRunStore(runs, TimeProvider.System);
        await using var plane = await ControlPlaneUnderTest.StartAsync(kind: StoreKind.Embedded, store: store, tools: new ControlPlaneTools { LoadTokenizer = TokenizerLoader.Load });
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!, scheme);
        await page.SetViewportSizeAsync(1000, 760);
        await page.GotoAsync("/");
        await page.Locator("td a").First.ClickAsync();
        await Expect(page.Locator("rect.cell").First).ToBeVisibleAsync();
        await SaveAsync("run");
        await page.Locator("section[aria-label='Latest steps'] td a").Nth(1).ClickAsync();
        await Expect(page.GetByText("Expected and come out")).ToBeVisibleAsync();
        await SaveAsync("step");
        await page.Locator("tr", new() { HasText = "mixed" }).Last.Locator("a").ClickAsync();
        await Expect(page.Locator("article.rollout").First).ToBeVisibleAsync();
        await SaveAsync("group");

        Task SaveAsync(string name) => page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"dashboard-{name}-{scheme.ToString().ToLowerInvariant()}.png") });
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet");
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "knapsack.dll"), .. arguments]) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
