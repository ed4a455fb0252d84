using Amqp;
using Amqp.Sasl;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>A living connection with its session, its claims and its links, opened when first asked for. Is replaced, never repaired.</summary>
internal sealed class BusSession : IAsyncDisposable
{
    /// <summary>The service closes what is silent for longer than 4 minutes; half of ours is how often a sign of life goes out.</summary>
    private const int IdleTimeoutMs = 60_000;
    private static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(5);
    private const int MaxFrameBytes = 64 * 1024;
    private readonly Connection _connection;
    private readonly Session _session;
    private readonly CancellationTokenSource _closed = new();
    private readonly SemaphoreSlim _opening = new(1);
    private readonly Dictionary<string, BusSender> _senders = [];
    private readonly Dictionary<string, BusReceiver> _receivers = [];
    private readonly Dictionary<string, BusRequests> _requests = [];
    private BusAuthorisation? _authorisation;

    private BusSession(Connection connection)
    {
        (_connection, _session) = (connection, new Session(connection));
        connection.AddClosedCallback((_, _) => _closed.Cancel());
        _session.AddClosedCallback((_, _) => _closed.Cancel());
    }

    public bool IsOpen => !_connection.IsClosed && !_session.IsClosed;

    public static async Task<BusSession> OpenAsync(BusEndpoint endpoint, BusProfile profile, IBusTokens? tokens, TimeProvider time, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory();
        factory.AMQP.ContainerId = $"knapsack-{Guid.NewGuid():N}";
        factory.AMQP.MaxFrameSize = MaxFrameBytes;
        factory.AMQP.IdleTimeout = IdleTimeoutMs;
        if (profile.OpenHost is not null) factory.AMQP.HostName = profile.OpenHost;
        if (profile.Login is null) factory.SASL.Profile = SaslProfile.Anonymous;
        var address = new Address(endpoint.Host, endpoint.Port, profile.Login?.User, profile.Login?.Password, "/", endpoint.Tls ? "amqps" : "amqp");
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(BusLinks.AnswerTimeout);
        Connection connection;
        try
        {
            connection = await factory.CreateAsync(address, inTime.Token, null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no connection within {BusLinks.AnswerTimeout.TotalSeconds:F0} s");
        }
        var session = new BusSession(connection);
        if (tokens is not null) await session.ClaimWithAsync(endpoint, tokens, time, cancellation);
        return session;
    }

    public Task<BusSender> SenderAsync(string address, CancellationToken cancellation) => LinkAsync(_senders, address, BusSender.OpenAsync, cancellation);

    public Task<BusReceiver> ReceiverAsync(string address, CancellationToken cancellation) => LinkAsync(_receivers, address, BusReceiver.OpenAsync, cancellation);

    public Task<BusRequests> RequestsAsync(string address, CancellationToken cancellation) => LinkAsync(_requests, address, BusRequests.OpenAsync, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        if (IsOpen)
        {
            try
            {
                await _connection.CloseAsync(TimeToClose, null);
            }
            catch (Exception error) when (BusErrors.IsBusError(error))
            {
                // Being gone already is as good as being closed.
            }
        }
    }

    private async Task ClaimWithAsync(BusEndpoint endpoint, IBusTokens tokens, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            var cbs = await BusRequests.OpenAsync(_session, BusAuthorisation.Node).WaitAsync(cancellation);
            _authorisation = new BusAuthorisation(cbs, endpoint, tokens, time, _closed.Token);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Who is cancelled stops waiting; the link goes on opening for the next, because brokers lose their way over links that are left half open.</summary>
    private Task<TLink> LinkAsync<TLink>(
        Dictionary<string, TLink> links, string address, Func<Session, string, Task<TLink>> open, CancellationToken cancellation)
        where TLink : class, IBusLink => OpenLinkAsync(links, address, open).WaitAsync(cancellation);

    private async Task<TLink> OpenLinkAsync<TLink>(Dictionary<string, TLink> links, string address, Func<Session, string, Task<TLink>> open)
        where TLink : class, IBusLink
    {
        await _opening.WaitAsync();
        try
        {
            if (links.TryGetValue(address, out var link) && !link.IsClosed) return link;
            if (_authorisation is not null) await _authorisation.ClaimAsync(address, _closed.Token);
            return links[address] = await open(_session, address);
        }
        catch (OperationCanceledException)
        {
            throw new AmqpException(ErrorCode.ConnectionForced, "the connection closed while a link was opening");
        }
        finally
        {
            _opening.Release();
        }
    }
}
