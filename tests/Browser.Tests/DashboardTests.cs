using System.Text.RegularExpressions;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Functions.Tests;
using KnapsackCloud.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KnapsackCloud.Browser.Tests;

public partial class DashboardTests(Chromium chromium)
{
    private const string Attack = "<img src=x onerror=\"window.attacked=1\"><script>window.attacked=1</script><svg onload=window.attacked=1>";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<ControlPlaneUnderTest> StartAsync() => ControlPlaneUnderTest.StartAsync(kind: StoreKind.Embedded, tools: MadeUpRun.Tools);

    [Fact]
    public async Task What_tasks_and_models_say_is_text_and_nothing_else()
    {
        await using var plane = await StartAsync();
        var task = new TrainingTask(TaskId.Parse("attack"), Attack, Attack, Attack);
        var run = await MadeUpRun.StartAsync(plane, [task], 2);
        await MadeUpRun.AddStepAsync(plane, run, 1, [task]);
        await plane.Blobs.CreateTrajectoriesAsync(run, 1, "t000000", [MadeUpRun.Rollout(task.Id, 0, Attack, 1), MadeUpRun.Rollout(task.Id, 1, Attack, null, Attack)], Token);
        await plane.Statuses.UpdateAsync(run, status => status with { State = RunState.Failed, Reason = Attack }, Token);

        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        foreach (var (path, heading) in new[] { ("", "Runs"), ($"runs/{run}", run.Value), ($"runs/{run}/steps/1", "Step 1"), ($"runs/{run}/steps/1/tasks/attack", "attack") })
        {
            await page.GotoAsync($"/#/{path}");
            await Expect(page.Locator("h1")).ToHaveTextAsync(heading);
            await Expect(page.GetByText("<script>window.attacked=1</script>").First).ToBeVisibleAsync();
            Assert.Equal(0, await page.Locator("main img, main script, main [onload], main [onerror]").CountAsync());
        }
        Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.attacked"));
        Assert.Equal(2, await page.Locator("article.rollout").CountAsync());
        Assert.Contains(Attack, (await page.Locator("article.rollout pre").First.TextContentAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Even_markup_that_got_into_the_page_would_not_run()
    {
        await using var plane = await StartAsync();
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        await page.GotoAsync("/");
        const string tryAll = """
            () => {
              const refused = [];
              const attempt = (name, act) => { try { act(); } catch { refused.push(name); } };
              attempt("markup", () => { document.body.innerHTML = "<b>x</b>"; });
              attempt("handler", () => { const b = document.createElement("button"); b.setAttribute("onclick", "window.attacked = 1"); document.body.append(b); b.click(); });
              attempt("script", () => { const s = document.createElement("script"); s.text = "window.attacked = 1"; document.body.append(s); });
              return refused.join(" ") + " " + typeof window.attacked;
            }
            """;
        Assert.Equal("markup handler script undefined", await page.EvaluateAsync<string>(tryAll));
    }

    [Fact]
    public async Task Nothing_is_asked_of_any_other_server()
    {
        await using var plane = await StartAsync();
        var tasks = MadeUpRun.Tasks(3);
        var run = await MadeUpRun.StartAsync(plane, tasks, 2);
        await MadeUpRun.AddStepAsync(plane, run, 1, tasks);
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        var (asked, failures) = (new List<string>(), new List<string>());
        page.Request += (_, request) => asked.Add(request.Url);
        page.Console += (_, message) => { if (message.Type == "error") failures.Add(message.Text); };
        page.PageError += (_, error) => failures.Add(error);
        foreach (var path in new[] { "/", $"/#/runs/{run}", $"/#/runs/{run}/steps/1", $"/#/runs/{run}/steps/1/tasks/task-000001" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("h1")).ToBeVisibleAsync();
        }
        await Expect(page.Locator("h1")).ToHaveTextAsync("task-000001");
        Assert.NotEmpty(asked);
        Assert.All(asked, url => Assert.StartsWith(plane.Http.BaseAddress!.ToString(), url, StringComparison.Ordinal));
        Assert.Empty(failures);
    }

    [Fact]
    public async Task A_step_of_a_hundred_thousand_tasks_is_shown_page_by_page()
    {
        await using var plane = await StartAsync();
        var tasks = MadeUpRun.Tasks(100_000);
        var run = await MadeUpRun.StartAsync(plane, tasks, 2);
        await MadeUpRun.AddPlanAsync(plane, run, 1, tasks, rollouts: 8, tasksPerItem: 100);
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        await page.GotoAsync($"/#/runs/{run}/steps/1/order/task");
        await Expect(page.GetByText("1 to 50 of 100,000")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Tasks of step 1" }).Locator("tbody tr")).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Link, new() { Name = "page after" }).ClickAsync();
        await Expect(page.GetByText("51 to 100 of 100,000")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "task-000050" })).ToBeVisibleAsync();
        await page.GotoAsync($"/#/runs/{run}");
        await Expect(page.GetByText("0 of 1000 work items done")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_run_of_a_thousand_steps_is_drawn_whole_and_a_new_step_comes_by_itself()
    {
        await using var plane = await StartAsync();
        var tasks = MadeUpRun.Tasks(10);
        var run = await MadeUpRun.StartAsync(plane, tasks, 1001);
        for (var step = 1; step <= 1000; step++) await MadeUpRun.AddStepAsync(plane, run, step, tasks);
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        await page.GotoAsync($"/#/runs/{run}");
        var line = page.Locator("figure", new() { HasText = "Reward" }).Locator("polyline").First;
        await Expect(line).ToBeVisibleAsync();
        await Expect(page.GetByText("1,000 of 1,001")).ToBeVisibleAsync();
        var points = (await line.GetAttributeAsync("points"))!.Split(' ').Length;
        Assert.InRange(points, 500, 1000);
        await MadeUpRun.AddStepAsync(plane, run, 1001, tasks);
        await Expect(page.GetByText("1,001 of 1,001")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "1001", Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard()
    {
        await using var plane = await StartAsync();
        var tasks = MadeUpRun.Tasks(10);
        var run = await MadeUpRun.StartAsync(plane, tasks, 5);
        for (var step = 1; step <= 3; step++) await MadeUpRun.AddStepAsync(plane, run, step, tasks);
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = run.Value })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" })).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = run.Value }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        var chart = page.Locator("figure", new() { HasText = "Allocation" });
        await Expect(chart.Locator("rect.cell").First).ToBeVisibleAsync();
        await chart.Locator("svg").FocusAsync();
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(chart.Locator(".readout")).ToContainTextAsync("step 2: p 0.0–0.1: 4 rollouts of 1 tasks");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Step 2");
        await page.GetByRole(AriaRole.Link, new() { Name = "task-000003" }).PressAsync("Enter");
        await Expect(page.Locator("h1")).ToHaveTextAsync("task-000003");
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Text_stands_out_from_its_ground_in_light_and_dark(ColorScheme scheme)
    {
        await using var plane = await StartAsync();
        var run = await MadeUpRun.StartAsync(plane, MadeUpRun.Tasks(1), 1);
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!, scheme);
        await page.GotoAsync($"/#/runs/{run}");
        await Expect(page.Locator("dl")).ToBeVisibleAsync();
        var ground = await ColourAsync(page, "body", "background-color");
        var panel = await ColourAsync(page, "dl div", "background-color");
        Assert.Equal(scheme == ColorScheme.Dark, Luminance(ground) < 0.2);
        foreach (var (selector, behind) in new[] { ("body", ground), ("dt", panel), ("dd", panel), ("header a", panel), (".state", ground), ("figcaption", panel), (".s1", panel), (".s2", panel), (".s3", panel) })
            Assert.True(Contrast(await ColourAsync(page, selector, "color"), behind) >= 4.5, $"{selector} in {scheme}: {Contrast(await ColourAsync(page, selector, "color"), behind):0.0}");
    }

    [Fact]
    public async Task What_is_not_there_says_so()
    {
        await using var plane = await StartAsync();
        var page = await chromium.OpenAsync(plane.Http.BaseAddress!);
        await page.GotoAsync("/");
        await Expect(page.GetByText("There is no run yet.")).ToBeVisibleAsync();
        await page.GotoAsync("/#/runs/none");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("there is no run none");
        await page.GotoAsync("/#/runs/..%2F..%2Fetc");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the input has 1 error");
        await page.GotoAsync("/#/elsewhere");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("There is no such page.");
    }

    /// <summary>Found and read in one go: an element that the page has put another in place of since has no colour.</summary>
    private static async Task<double[]> ColourAsync(IPage page, string selector, string property)
    {
        var colour = await page.WaitForFunctionAsync(
            "([selector, property]) => { const found = document.querySelector(selector); return found && getComputedStyle(found).getPropertyValue(property); }",
            new[] { selector, property });
        var text = await colour.JsonValueAsync<string>();
        return [.. Channel().Matches(text).Take(3).Select(match => double.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>Relative luminance and contrast as in WCAG 2.</summary>
    private static double Luminance(double[] rgb)
    {
        var linear = rgb.Select(channel => channel / 255).Select(channel => channel <= 0.03928 ? channel / 12.92 : Math.Pow((channel + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    private static double Contrast(double[] one, double[] other)
    {
        var (high, low) = (Math.Max(Luminance(one), Luminance(other)), Math.Min(Luminance(one), Luminance(other)));
        return (high + 0.05) / (low + 0.05);
    }

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Channel();
}
