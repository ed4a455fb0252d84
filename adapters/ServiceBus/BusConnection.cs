using Polly;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>One connection to a namespace that comes back after it was lost. Thread-safe.</summary>
internal sealed class BusConnection(BusEndpoint endpoint, BusProfile profile, IBusTokens? tokens, ResiliencePipeline resilience, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private BusSession? _session;

    /// <summary>Runs an operation on a living session, again on a new one when it failed in passing.</summary>
    /// <exception cref="Core.Ports.QueueException">It failed for good, or too often.</exception>
    public async Task<T> RunAsync<T>(string queue, Func<BusSession, CancellationToken, Task<T>> operation, CancellationToken cancellation)
    {
        try
        {
            return await resilience.ExecuteAsync(async token => await TryAsync(await SessionAsync(token), operation, token), cancellation);
        }
        catch (Exception error) when (BusErrors.IsBusError(error))
        {
            throw BusErrors.Describe(error, $"{endpoint}/{queue}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null) await _session.DisposeAsync();
        _opening.Dispose();
    }

    /// <summary>A session that owes an answer is given up whole: the next try gets another.</summary>
    private static async Task<T> TryAsync<T>(BusSession session, Func<BusSession, CancellationToken, Task<T>> operation, CancellationToken cancellation)
    {
        try
        {
            return await operation(session, cancellation);
        }
        catch (TimeoutException)
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<BusSession> SessionAsync(CancellationToken cancellation)
    {
        if (_session is { IsOpen: true } open) return open;
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_session is { IsOpen: true } opened) return opened;
            if (_session is not null) await _session.DisposeAsync();
            return _session = await BusSession.OpenAsync(endpoint, profile, tokens, time, cancellation);
        }
        finally
        {
            _opening.Release();
        }
    }
}
