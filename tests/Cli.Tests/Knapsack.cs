using System.Diagnostics;

namespace KnapsackCloud.Cli.Tests;

/// <summary>The command line as a user has it: another process.</summary>
internal sealed class Knapsack : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private Knapsack(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public static Knapsack Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "knapsack.dll"), .. arguments]) start.ArgumentList.Add(argument);
        return new Knapsack(Process.Start(start)!);
    }

    public static async Task<KnapsackResult> RunAsync(params string[] arguments)
    {
        using var knapsack = Start(arguments);
        return await knapsack.FinishAsync();
    }

    public int ProcessId => _process.Id;

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public async Task<KnapsackResult> FinishAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        await _process.WaitForExitAsync(deadline.Token);
        return new KnapsackResult(_process.ExitCode, await _output, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}

internal sealed record KnapsackResult(int ExitCode, string Output, string Errors);
