using System.Diagnostics;

namespace KnapsackCloud.Cli.Running;

/// <summary>The largest memory that this process holds while it is watched, native tensors included; looked at a hundred times a second.</summary>
internal sealed class PeakMemory : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _ended = new();
    private readonly Task _watch;
    private long _most;

    public PeakMemory(TimeProvider time)
    {
        Look();
        _watch = Task.Run(() => WatchAsync(time));
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>Bytes.</returns>
    public long Stop()
    {
        _ended.Cancel();
        _watch.GetAwaiter().GetResult();
        return _most;
    }

    public void Dispose()
    {
        Stop();
        _ended.Dispose();
    }

    private async Task WatchAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false)) Look();
        }
        catch (OperationCanceledException)
        {
            Look();
        }
    }

    private void Look()
    {
        using var process = Process.GetCurrentProcess();
        _most = Math.Max(_most, process.WorkingSet64);
    }
}
