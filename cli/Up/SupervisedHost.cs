using KnapsackCloud.Cli.Running;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Up;

internal enum HostState { Starting, Running, Restarting, Stopped, GivenUp }

/// <summary>One host as a process of its own, with a log file; started again when it ends by itself.</summary>
internal sealed class SupervisedHost : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    /// <summary>One that lives this long is healthy: its earlier ends are forgotten.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);
    private const int MostQuickEnds = 10;

    private readonly string[] _arguments;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly TimeProvider _time;
    private readonly StreamWriter _log;
    private readonly CancellationTokenSource _stop = new();
    private ServerProcess? _process;

    /// <param name="arguments">Of this program.</param>
    /// <param name="logs">Folder for its log file, which is appended to.</param>
    public SupervisedHost(string name, string[] arguments, IReadOnlyDictionary<string, string> environment, string logs, TimeProvider time)
    {
        (Name, _arguments, _environment, _time) = (name, arguments, environment, time);
        LogPath = Path.Combine(logs, $"{name}.log");
        _log = OpenLog(LogPath);
        Life = LiveAsync();
    }

    public string Name { get; }
    public string LogPath { get; }
    public HostState State { get; private set; } = HostState.Starting;
    public int Restarts { get; private set; }
    public int? ProcessId => _process?.Id;

    /// <summary>Completes when it is stopped, or given up because it ends at once again and again.</summary>
    public Task Life { get; }

    public string LastLine { get; private set; } = "";

    public static StreamWriter OpenLog(string path) =>
        new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

    /// <summary>Asks it to end, which gives its work back, and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Life.ConfigureAwait(false);
        await _log.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task LiveAsync()
    {
        var pause = FirstPause;
        for (var quickEnds = 0; quickEnds < MostQuickEnds && !_stop.IsCancellationRequested; Restarts++)
        {
            var started = _time.GetTimestamp();
            await LiveOnceAsync().ConfigureAwait(false);
            if (_stop.IsCancellationRequested) break;
            (quickEnds, pause) = _time.GetElapsedTime(started) >= Healthy ? (0, FirstPause) : (quickEnds + 1, pause);
            State = HostState.Restarting;
            await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        State = _stop.IsCancellationRequested ? HostState.Stopped : HostState.GivenUp;
    }

    private async Task LiveOnceAsync()
    {
        var process = new ServerProcess(OwnProgram.Launcher, OwnProgram.Arguments(_arguments), _environment, Directory.GetCurrentDirectory(), Write);
        _process = process;
        State = HostState.Running;
        await process.EndAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await process.DisposeAsync().ConfigureAwait(false);
        _process = null;
    }

    private void Write(string line)
    {
        LastLine = line;
        lock (_log) _log.WriteLine(line);
    }
}
