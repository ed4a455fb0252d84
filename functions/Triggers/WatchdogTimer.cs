using KnapsackCloud.Core.Publish;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Functions.Triggers;

/// <summary>Lets the watchdog look again and again; one look at a time, whoever asks for it.</summary>
internal sealed partial class WatchdogTimer(WatchdogSweep sweep, WatchdogOptions options, TimeProvider time, ILogger<WatchdogTimer> logger) : BackgroundService
{
    private readonly SemaphoreSlim _looking = new(1);

    /// <summary>Number of messages sent again.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        await _looking.WaitAsync(cancellation);
        try
        {
            var sent = await sweep.SweepAsync(cancellation);
            foreach (var message in sent) LogSent(message.Run.Value, message.Id);
            return sent.Count;
        }
        finally
        {
            _looking.Release();
        }
    }

    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(410, LogLevel.Warning, "Run {Run} stood still: message {MessageId} is sent again")]
    private partial void LogSent(string run, string messageId);

    [LoggerMessage(411, LogLevel.Error, "The watchdog could not look at every run")]
    private partial void LogFailed(Exception error);
}
