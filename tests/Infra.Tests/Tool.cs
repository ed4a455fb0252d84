using System.Diagnostics;

namespace KnapsackCloud.Infra.Tests;

/// <summary>What a program printed, and how it ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    public string All => Output + Errors;
}

/// <summary>Programs that check what is deployed.</summary>
internal static class Tool
{
    /// <summary>Set by a deployment; a check must not depend on one.</summary>
    private static readonly string[] DeploymentVariables = ["AZURE_", "SERVICE_", "KNAPSACK_"];

    /// <summary>Runs the Bicep compiler in infra/; skips the test where there is none.</summary>
    public static Task<ToolResult> BicepAsync(params string[] arguments) => BicepAsync(new Dictionary<string, string>(), arguments);

    public static Task<ToolResult> BicepAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        Assert.SkipWhen(Repository.Bicep is null, "there is no Bicep compiler for this system");
        return RunAsync(Repository.Bicep, Repository.At("infra"), environment, arguments);
    }

    public static Task<ToolResult> RunAsync(string program, string folder, params string[] arguments) => RunAsync(program, folder, new Dictionary<string, string>(), arguments);

    /// <param name="environment">On top of this process's variables, without those that a deployment sets.</param>
    public static async Task<ToolResult> RunAsync(string program, string folder, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => DeploymentVariables.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ToolResult(process.ExitCode, await output, await errors);
    }
}
