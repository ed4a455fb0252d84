using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace KnapsackCloud.Cli.Tests;

/// <summary>The command line as a user has it: another process.</summary>
internal sealed class Knapsack : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;
    private readonly ConcurrentQueue<string> _errorLines = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Knapsack(Process process)
    {
        _process = process;
        _output = ReadOutputAsync(TestContext.Current.CancellationToken);
        _errors = ReadErrorsAsync(TestContext.Current.CancellationToken);
    }

    public static Knapsack Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    public static Knapsack Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "knapsack.dll"), .. arguments]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new Knapsack(Process.Start(start)!);
    }

    public static Task<KnapsackResult> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string>(), arguments);

    public static async Task<KnapsackResult> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var knapsack = Start(environment, arguments);
        return await knapsack.FinishAsync();
    }

    public int ProcessId => _process.Id;

    /// <summary>Where <c>knapsack up</c> says it is ready.</summary>
    public async Task<Uri> AddressAsync()
    {
        if (await Task.WhenAny(_address.Task, _output).WaitAsync(Deadline, TestContext.Current.CancellationToken) == _output) Assert.Fail($"it ended before it was ready: {await _errors}");
        return await _address.Task;
    }

    /// <summary>Whether a line that it wrote to stderr so far has this in it.</summary>
    public bool HasSaid(string text) => _errorLines.Any(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public async Task<KnapsackResult> FinishAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        await _process.WaitForExitAsync(deadline.Token);
        return new KnapsackResult(_process.ExitCode, await _output, await _errors);
    }

    private async Task<string> ReadOutputAsync(CancellationToken cancellation)
    {
        var output = new StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            output.Append(line).Append('\n');
            if (line.StartsWith("ready: ", StringComparison.Ordinal)) _address.TrySetResult(new Uri(line.Split(' ')[1]));
        }

        return output.ToString();
    }

    private async Task<string> ReadErrorsAsync(CancellationToken cancellation)
    {
        while (await _process.StandardError.ReadLineAsync(cancellation) is { } line) _errorLines.Enqueue(line);
        return string.Join('\n', _errorLines);
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}

internal sealed record KnapsackResult(int ExitCode, string Output, string Errors);
