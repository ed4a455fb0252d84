using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace KnapsackCloud.Adapters.Processes;

/// <summary>A program that answers line by line. On Linux it leads a process group of its own, which ends with it whatever it started.</summary>
internal sealed partial class VerifierProcess : IDisposable
{
    private const int LongestAnswer = 1 << 16;
    private const int LongestError = 300;
    private const int Kill = 9;
    /// <summary>All that it sees of the environment: settings and secrets of this process are none of its business.</summary>
    private static readonly string[] Passed = ["PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SystemRoot"];

    private readonly Process _process;
    private volatile string? _lastError;

    private VerifierProcess(Process process)
    {
        _process = process;
        // Read whether or not anybody wants it: a full pipe would stop the program.
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data)) _lastError = line.Data.Length > LongestError ? line.Data[..LongestError] : line.Data;
        };
        process.BeginErrorReadLine();
    }

    /// <summary>The last line on standard error; null when there was none.</summary>
    public string? LastError => _lastError;

    /// <exception cref="InvalidDataException">It cannot be started.</exception>
    public static VerifierProcess Start(string path, VerifierLimits limits)
    {
        var start = OperatingSystem.IsLinux() ? Limited(path, limits) : new ProcessStartInfo(path);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError, start.UseShellExecute) = (true, true, true, false);
        (start.StandardInputEncoding, start.StandardOutputEncoding, start.StandardErrorEncoding) = (new UTF8Encoding(false), Encoding.UTF8, Encoding.UTF8);
        start.WorkingDirectory = Path.GetDirectoryName(path);
        foreach (var name in start.Environment.Keys.Except(Passed, StringComparer.OrdinalIgnoreCase).ToList()) start.Environment.Remove(name);
        try
        {
            return new VerifierProcess(Process.Start(start)!);
        }
        catch (Win32Exception error)
        {
            throw new InvalidDataException($"'{path}' cannot be started: {error.Message}", error);
        }
    }

    /// <returns>Its next line.</returns>
    /// <exception cref="IOException">It has ended, or does not read.</exception>
    public async Task<string> AskAsync(string line, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellation).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync(cancellation).ConfigureAwait(false);
        return await ReadLineAsync(cancellation).ConfigureAwait(false) ?? throw new IOException("ended without a verdict");
    }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux()) _ = SendSignal(-_process.Id, Kill);
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        _process.Dispose();
    }

    /// <summary>The shell limits itself, becomes the leader of a session, and then the program: all under one process id.</summary>
    private static ProcessStartInfo Limited(string path, VerifierLimits limits) => new("/bin/sh")
    {
        ArgumentList = { "-c", "ulimit -v \"$1\" && exec setsid \"$2\"", "sh", (limits.MemoryBytes >> 10).ToString(CultureInfo.InvariantCulture), path },
    };

    /// <exception cref="IOException">The line is longer than a verdict can be.</exception>
    private async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var next = new char[1];
        while (await _process.StandardOutput.ReadAsync(next, cancellation).ConfigureAwait(false) == 1)
        {
            if (next[0] == '\n') return text.ToString();
            if (text.Append(next[0]).Length > LongestAnswer) throw new IOException($"wrote a line of more than {LongestAnswer} characters");
        }

        return text.Length > 0 ? text.ToString() : null;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processOrGroup, int signal);
}
