using Amqp;
using Amqp.Framing;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>
/// Claims-based security of one connection: shows a token for each node before a link to it attaches, and a fresh one
/// before that expires. Ends with its connection.
/// </summary>
internal sealed class BusAuthorisation(BusRequests cbs, BusEndpoint endpoint, IBusTokens tokens, TimeProvider time, CancellationToken closed)
{
    public const string Node = "$cbs";
    private const double RenewAt = 0.75;
    private static readonly TimeSpan RetryRenewal = TimeSpan.FromSeconds(5);
    private readonly HashSet<string> _claimed = [];

    /// <summary>Not thread-safe: a connection opens one link at a time.</summary>
    /// <exception cref="AmqpException">The broker does not accept the token.</exception>
    public async Task ClaimAsync(string path, CancellationToken cancellation)
    {
        if (_claimed.Contains(path)) return;
        var renewal = await PutTokenAsync(path, cancellation);
        _claimed.Add(path);
        _ = KeepFreshAsync(path, renewal);
    }

    /// <summary>A claim that could not be renewed closes its links; they are opened again with a new one.</summary>
    private async Task KeepFreshAsync(string path, TimeSpan renewal)
    {
        while (!closed.IsCancellationRequested && !cbs.IsClosed)
        {
            try
            {
                await Task.Delay(renewal, time, closed);
                renewal = await PutTokenAsync(path, closed);
            }
            catch (Exception error) when (BusErrors.IsBusError(error))
            {
                renewal = RetryRenewal;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Returns after how long to show the next one.</summary>
    private async Task<TimeSpan> PutTokenAsync(string path, CancellationToken cancellation)
    {
        var audience = endpoint.Audience(path);
        var token = await tokens.GetAsync(audience, cancellation);
        var request = new Message(token.Text)
        {
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token",
                ["type"] = token.Type,
                ["name"] = audience,
                ["expiration"] = token.ExpiresAt.UtcDateTime,
            },
        };
        var answer = BusAnswer.Of(await cbs.AskAsync(request, cancellation));
        if (!answer.IsSuccess) throw new AmqpException(answer.Condition ?? ErrorCode.UnauthorizedAccess, answer.Description);
        var left = (token.ExpiresAt - time.GetUtcNow()) * RenewAt;
        return left > RetryRenewal ? left : RetryRenewal;
    }
}
