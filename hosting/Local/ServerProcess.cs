using System.Collections.Concurrent;
using System.Diagnostics;

namespace KnapsackCloud.Hosting.Local;

/// <summary>
/// A server on this machine that ends with this process, however that ends: its wrapper sees its input close. On Unix it has a
/// session of its own, so that Ctrl-C in a terminal reaches only this process, which stops its servers in order.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>What waits for the input lets go of the output, which else would stay open when the server has ended by itself.</summary>
    private const string UntilInputCloses =
        """exec 3<&0; "$@" </dev/null & child=$!; (cat <&3; kill -TERM $child) >/dev/null 2>&1 & wait $child""";
    private const string OwnSession = "/usr/bin/setsid";
    private const int KeptLines = 40;
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Action<string>? _log;

    /// <param name="folder">Working folder.</param>
    /// <param name="log">Takes every line that it writes.</param>
    public ServerProcess(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder, Action<string>? log = null)
    {
        _log = log;
        var start = Wrapped(program, [.. arguments]);
        (start.WorkingDirectory, start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (folder, true, true, true);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Of the process, or of the wrapper that ends it.</summary>
    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Completes when it has ended, for whatever reason.</summary>
    public Task EndAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>Last lines it wrote.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Returns when each port answers; false when the process ended first.</summary>
    /// <exception cref="TimeoutException">Not within the deadline.</exception>
    public async Task<bool> AnswersAsync(IReadOnlyList<int> ports, TimeSpan deadline, CancellationToken cancellation)
    {
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(deadline);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            foreach (var port in ports)
                while (!await LoopbackPorts.AnswersAsync(port, inTime.Token))
                {
                    if (_process.HasExited) return false;
                    await pause.WaitForNextTickAsync(inTime.Token);
                }
            return !_process.HasExited;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer on ports {string.Join(", ", ports)} within {deadline.TotalSeconds:F0} s:\n{Output}");
        }
    }

    /// <summary>Ends it and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeToStop);
        if (OperatingSystem.IsWindows()) _process.Kill(entireProcessTree: true);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    /// <summary>Runs a command to its end.</summary>
    /// <returns>Null when it succeeded, else what it wrote.</returns>
    public static async Task<string?> RunAsync(string program, IEnumerable<string> arguments, string folder, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0 ? null : string.Join('\n', await output);
    }

    /// <summary>Full path of a program on the path, or null.</summary>
    public static string? Find(string program)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, program + ending)))
            .FirstOrDefault(File.Exists);
    }

    private static ProcessStartInfo Wrapped(string program, string[] arguments)
    {
        if (OperatingSystem.IsWindows()) return new ProcessStartInfo(program, arguments);
        string[] wrapper = ["/bin/sh", "-c", UntilInputCloses, "sh", program, .. arguments];
        return File.Exists(OwnSession) ? new ProcessStartInfo(OwnSession, wrapper) : new ProcessStartInfo(wrapper[0], wrapper[1..]);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _log?.Invoke(line);
        _output.Enqueue(line);
        while (_output.Count > KeptLines) _output.TryDequeue(out _);
    }
}
