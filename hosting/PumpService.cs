using KnapsackCloud.Core.Messaging;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Hosting;

/// <summary>Runs every pump of the host. On a stop no message is taken any more; work in hand gets a while to end, then it is cancelled and its message given back.</summary>
internal sealed class PumpService(IEnumerable<IMessagePump> pumps, TimeProvider time) : BackgroundService
{
    /// <summary>Leaves the rest of <see cref="HostingSetup.TimeToStop"/> to give back what did not end.</summary>
    private static readonly TimeSpan TimeToFinish = TimeSpan.FromSeconds(4);
    private readonly CancellationTokenSource _abort = new();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var finish = new CancellationTokenSource(TimeToFinish, time);
        await using var abort = finish.Token.Register(_abort.Cancel);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _abort.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(pumps.Select(pump => Task.Run(() => pump.RunAsync(stoppingToken, _abort.Token), CancellationToken.None)));
}
