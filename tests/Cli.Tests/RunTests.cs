using System.Text.Json;

namespace KnapsackCloud.Cli.Tests;

public class RunTests
{
    [Fact]
    public async Task A_run_prints_one_JSON_document_and_leaves_a_report_and_a_model_that_generates_and_is_evaluated()
    {
        using var folder = new TestFolder();
        var run = await Knapsack.RunAsync("run", folder.Write("spec.json", SmallRun.Spec), "--out", folder.At("store"), "--json", "--policy", "uniform", "--steps", "2");
        Assert.True(run.ExitCode == 0, run.Errors);
        var outcome = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("completed", outcome.GetProperty("state").GetString());
        Assert.Equal(2, outcome.GetProperty("policyVersion").GetInt32());
        Assert.Equal(2 * 12 * 6, outcome.GetProperty("rollouts").GetInt32());
        Assert.InRange(outcome.GetProperty("evaluation").GetProperty("after").GetDouble(), 0, 1);
        var runFolder = outcome.GetProperty("folder").GetString()!;
        Assert.All(["report.html", "reward.png", "ratios.png", "allocation.png", "budget.png", "success-rate.png", "time.png", "memory.png"], file => Assert.True(new FileInfo(Path.Combine(runFolder, "report", file)).Length > 1000));

        var listed = await Knapsack.RunAsync("runs", "--out", folder.At("store"));
        Assert.Contains(outcome.GetProperty("run").GetString()!, listed.Output, StringComparison.Ordinal);
        var inspected = await Knapsack.RunAsync("inspect", "latest", "--step", "1", "--out", folder.At("store"));
        Assert.True(inspected.ExitCode == 0, inspected.Errors);
        Assert.Contains("effective-prompt ratio", inspected.Output, StringComparison.Ordinal);
        var details = await Knapsack.RunAsync("inspect", "latest", "--out", folder.At("store"), "--json");
        Assert.Equal(2, JsonDocument.Parse(details.Output).RootElement.GetProperty("learning").GetArrayLength());

        var estimated = await Knapsack.RunAsync("estimate", folder.At("spec.json"), "--from", "latest", "--out", folder.At("store"), "--policy", "rounds", "--json");
        Assert.True(estimated.ExitCode == 0, estimated.Errors);
        var estimate = JsonDocument.Parse(estimated.Output).RootElement;
        Assert.InRange(estimate.GetProperty("rollouts").GetDouble(), 1, SmallRun.Steps * 12 * 6);
        Assert.Contains(outcome.GetProperty("run").GetString()!, estimate.GetProperty("evidence").GetString(), StringComparison.Ordinal);
        Assert.True(estimate.GetProperty("seconds").GetDouble() > 0);

        var model = Path.Combine(runFolder, "policies", "000002");
        var generated = await Knapsack.RunAsync("generate", "--model", model, "--prompt", "10000+20000=", "-n", "3", "--max-tokens", "5", "--json");
        Assert.True(generated.ExitCode == 0, generated.Errors);
        Assert.Equal(3, JsonDocument.Parse(generated.Output).RootElement.GetProperty("samples").GetArrayLength());

        var evaluated = await Knapsack.RunAsync("evaluate", "--model", model, "--tasks", Path.Combine(runFolder, "tasks", "evaluation.jsonl"), "-n", "4", "--json");
        Assert.True(evaluated.ExitCode == 0, evaluated.Errors);
        var result = JsonDocument.Parse(evaluated.Output).RootElement;
        Assert.Equal(9, result.GetProperty("tasks").GetInt32());
        Assert.Equal(result.GetProperty("meanAtN").GetDouble(), result.GetProperty("passAtK").GetProperty("1").GetDouble(), 9);
        Assert.Equal(2, result.GetProperty("passAtKCi95").GetProperty("4").GetArrayLength());
        Assert.Equal([("add1", 1, 3), ("add2", 2, 3), ("sub1", 1, 3)], result.GetProperty("families").EnumerateArray()
            .Select(part => (part.GetProperty("family").GetString(), part.GetProperty("difficulty").GetInt32(), part.GetProperty("tasks").GetInt32())));
        Assert.Equal([(1, 6), (2, 3)], result.GetProperty("difficulties").EnumerateArray().Select(part => (part.GetProperty("difficulty").GetInt32(), part.GetProperty("tasks").GetInt32())));
    }

    [Fact]
    public async Task A_run_that_trains_an_adapter_publishes_adapters_on_policy_0_that_generate()
    {
        using var folder = new TestFolder();
        var spec = SmallRun.Spec.Replace("target=0.02\"", "target=0.02\", \"adapter\": { \"rank\": 2 }", StringComparison.Ordinal);
        var first = await Knapsack.RunAsync("run", folder.Write("spec.json", spec), "--out", folder.At("store"), "--steps", "2", "--json");
        Assert.True(first.ExitCode == 0, first.Errors);
        var policies = Path.Combine(JsonDocument.Parse(first.Output).RootElement.GetProperty("folder").GetString()!, "policies");
        Assert.True(File.Exists(Path.Combine(policies, "000000", "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(policies, "000002", "adapter_model.safetensors")));
        Assert.False(File.Exists(Path.Combine(policies, "000002", "model.safetensors")));

        var generated = await Knapsack.RunAsync(
            "generate", "--model", Path.Combine(policies, "000000"), "--adapter", Path.Combine(policies, "000002"), "--prompt", "10000+20000=", "-n", "1", "--json");
        Assert.True(generated.ExitCode == 0, generated.Errors);
        var refused = await Knapsack.RunAsync("generate", "--model", Path.Combine(policies, "000002"), "--prompt", "10000+20000=");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("only an adapter", refused.Errors, StringComparison.Ordinal);

        var onward = spec.Replace("warmup:arithmetic?target=0.02", $"hf:{Path.Combine(policies, "000000")}", StringComparison.Ordinal);
        var second = await Knapsack.RunAsync("run", folder.Write("onward.json", onward), "--out", folder.At("onward"), "--steps", "1", "--json");
        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.True(File.Exists(Path.Combine(JsonDocument.Parse(second.Output).RootElement.GetProperty("folder").GetString()!, "policies", "000001", "adapter_model.safetensors")));
    }

    [Fact]
    public async Task Policies_are_compared_seed_by_seed_and_runs_that_are_there_are_not_made_again()
    {
        using var folder = new TestFolder();
        string[] compare =
        [
            "compare", folder.Write("spec.json", SmallRun.Spec), "--policies", "uniform,posterior:scope=pool:pool.opening=4", "--learning-rates", "3e-4,6e-4", "--tuning-seeds", "1",
            "--seeds", "2", "--steps", "2", "--out", folder.At("store"), "--json",
        ];
        var first = await Knapsack.RunAsync(compare);
        Assert.True(first.ExitCode == 0, first.Errors);
        var result = JsonDocument.Parse(first.Output).RootElement;
        var arms = result.GetProperty("arms").EnumerateArray().ToList();
        Assert.Equal(["uniform", "posterior:scope=pool:pool.opening=4"], arms.Select(arm => arm.GetProperty("policy").GetString()));
        Assert.All(arms, arm => Assert.True(arm.GetProperty("learningRate").GetDouble() is 3e-4 or 6e-4));
        Assert.All(arms, arm => Assert.Equal(2 * 12 * 6, arm.GetProperty("rollouts").GetProperty("mean").GetDouble()));
        Assert.All(result.GetProperty("paired").EnumerateArray(), pair => Assert.Equal("uniform", pair.GetProperty("b").GetString()));
        Assert.All(["report.html", "learning.png", "allocation.png", "budget.png", "calibration.png"], file => Assert.True(new FileInfo(folder.At(Path.Combine("store", file))).Length > 1000));

        var runs = Directory.GetDirectories(folder.At(Path.Combine("store", "runs"))).Length;
        Assert.Equal(2 * (2 + 2), runs);
        var again = await Knapsack.RunAsync(compare);
        Assert.Equal(first.Output, again.Output);
        Assert.Equal(runs, Directory.GetDirectories(folder.At(Path.Combine("store", "runs"))).Length);
    }

    [Fact]
    public async Task A_comparison_with_runs_that_fail_makes_the_others_and_names_each_failure()
    {
        using var folder = new TestFolder();
        var limited = SmallRun.Spec.Replace("\"seed\": 5", "\"seed\": 5, \"limits\": { \"rollouts\": 100 }", StringComparison.Ordinal);
        var compared = await Knapsack.RunAsync(
            "compare", folder.Write("spec.json", limited), "--policies", "uniform:rolloutsPerTask=12,uniform", "--seeds", "2", "--steps", "2", "--processes", "1", "--out", folder.At("store"));

        Assert.Equal(1, compared.ExitCode);
        Assert.Contains("2 of 4 runs failed", compared.Errors, StringComparison.Ordinal);
        Assert.Equal(2, compared.Errors[compared.Errors.IndexOf("runs failed", StringComparison.Ordinal)..].Split("rolloutsPerTask=12").Length - 1);
        Assert.Contains("4 of 4 runs", compared.Errors, StringComparison.Ordinal);
        Assert.Equal(2, compared.Errors.Split("held-out accuracy").Length - 1);
    }

    [Fact]
    public async Task An_interrupted_run_says_how_to_resume_and_does()
    {
        using var folder = new TestFolder();
        using var knapsack = Knapsack.Start("run", folder.Write("spec.json", SmallRun.Spec), "--out", folder.At("store"), "--json", "--steps", "100000");
        await folder.AppearsAsync("store", "learning.json");
        await Signal.InterruptAsync(knapsack.ProcessId);
        var stopped = await knapsack.FinishAsync();
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("--resume small-", stopped.Errors, StringComparison.Ordinal);
        Assert.Empty(stopped.Output);
    }

    [Theory]
    [InlineData("run --policy best --steps 0 --store moon", "--policy", "--steps", "--store")]
    [InlineData("run no-such-file.json", "no-such-file.json")]
    [InlineData("run --resume latest --seed 3", "--resume")]
    [InlineData("run --resume latest --out .", "no run")]
    [InlineData("run --colour red", "--colour")]
    [InlineData("runs --out no-such-folder", "no-such-folder")]
    [InlineData("inspect latest --out .", "no run")]
    [InlineData("estimate no-such-file.json --workers 0 --gpu h900", "--workers", "--gpu")]
    [InlineData("estimate no-such-file.json", "--gpu", "--from")]
    [InlineData("evaluate --model no-such-folder --tasks arithmetic:add1", "no-such-folder")]
    [InlineData("evaluate --model . --tasks missing.jsonl -n 0 --top-p 2", "-n", "--top-p")]
    [InlineData("generate --model no-such-folder --prompt x", "no-such-folder")]
    [InlineData("worker --store moon --items -1 --device gpu", "Knapsack:Store", "Worker:Items", "Worker:Device")]
    [InlineData("learner --store embedded --out .", "knapsack run")]
    [InlineData("worker --out .", "knapsack run")]
    [InlineData("compare --policies uniform,uniform,best --seeds 0", "twice", "best", "--seeds")]
    [InlineData("compare --policies uniform,posterior:scope=moon --loss effective,blue", "moon", "blue")]
    [InlineData("compare --learning-rates 1e-3,fast", "'fast'")]
    [InlineData("run --set allocation.scope=moon --set steps=0", "moon", "steps")]
    [InlineData("run --set scope", "allocation.policy=uniform")]
    public async Task Wrong_input_is_refused_with_every_error_and_exit_code_2(string arguments, params string[] named)
    {
        using var folder = new TestFolder();
        string[] given = [.. arguments.Replace("--out .", $"--out {folder.Path}", StringComparison.Ordinal).Split(' ')];
        var result = await Knapsack.RunAsync(given);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.All(named, name => Assert.Contains(name, result.Errors, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_fails_with_one_message()
    {
        using var folder = new TestFolder();
        var blocked = folder.Write("file", "");
        var result = await Knapsack.RunAsync("run", folder.Write("spec.json", SmallRun.Spec), "--out", blocked);
        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Errors.Trim().Split('\n'));
        Assert.Contains(blocked, result.Errors, StringComparison.Ordinal);
    }
}
