using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Messaging;

/// <summary>Runs work under a lease that is renewed beside it. Whichever ends first cancels the other.</summary>
public static class LeasedWork
{
    /// <summary>The work's result, or null when the lease was lost first: the work was cancelled and nothing may be settled.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static async Task<TResult?> RunAsync<TResult>(
        ILease lease, TimeSpan duration, TimeProvider time, Func<CancellationToken, Task<TResult>> work, CancellationToken stop)
        where TResult : class
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var renewal = RenewUntilLostAsync(lease, duration, time, both.Token);
        var working = work(both.Token);
        var lost = await Task.WhenAny(working, renewal) == renewal && !stop.IsCancellationRequested;
        await both.CancelAsync();
        await renewal;
        if (!lost) return await working;

        // The message belongs to somebody else now; how the cancelled work ended is of no interest.
        await working.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return null;
    }

    /// <summary>Returns when the lease is lost or the token is cancelled; never throws.</summary>
    private static async Task RenewUntilLostAsync(ILease lease, TimeSpan duration, TimeProvider time, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(duration / 3, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested) return;
            try
            {
                if (!await lease.RenewAsync(duration, cancellation)) return;
            }
            catch (Exception)
            {
                // A renewal that failed on the way is tried again at the next third; the queue says when the lease is gone.
            }
        }
    }
}
