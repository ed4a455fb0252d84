using System.Globalization;
using System.Text;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Piping;

/// <summary>One queue; messages a second.</summary>
/// <param name="AtOnce">Senders, and then receivers, that work side by side.</param>
/// <param name="HandledPerSecond">Received under a lease and completed.</param>
/// <param name="RoundTripMilliseconds">From a send until a waiting receiver has the message, median.</param>
internal sealed record QueueCase(string Queue, int Messages, int AtOnce, double SentPerSecond, double HandledPerSecond, double RoundTripMilliseconds);

/// <summary>Sends, receives and completes messages of the size that the pipeline's have, on one queue after another.</summary>
internal sealed class QueueBenchmark(int messages, int atOnce, TimeProvider time)
{
    private const int RoundTrips = 50;
    private const string QueueName = "bench";
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"format":1,"run":"arithmetic-20261123-201500","step":123,"item":"t0042"}""");

    public Task<QueueCase> EmbeddedAsync(CancellationToken cancellation) =>
        MeasureAsync("embedded", new MemoryQueue(QueueName, time, new MemoryQueueOptions()), cancellation);

    /// <exception cref="HostRefusedException">Azurite cannot be had here.</exception>
    public async Task<QueueCase> AzuriteAsync(CancellationToken cancellation)
    {
        await using var azurite = await AzuriteProcess.StartAsync(location: null, log: null, cancellation).ConfigureAwait(false);
        using var account = new StorageAccount(new StorageOptions { ConnectionString = azurite.ConnectionString }, time);
        var queue = await account.OpenQueueAsync(QueueName, new StorageQueueOptions { LongestPause = TimeSpan.FromMilliseconds(200) }, cancellation).ConfigureAwait(false);
        return await MeasureAsync("Azurite", queue, cancellation).ConfigureAwait(false);
    }

    private async Task<QueueCase> MeasureAsync(string name, IWorkQueue queue, CancellationToken cancellation)
    {
        await RoundTripAsync(queue, cancellation).ConfigureAwait(false);
        var sent = await TimeAsync(i => queue.SendAsync(Body, $"m{i}", TimeSpan.Zero, cancellation)).ConfigureAwait(false);
        var handled = await TimeAsync(_ => HandleAsync(queue, cancellation)).ConfigureAwait(false);
        var trips = new List<double>();
        for (var i = 0; i < RoundTrips; i++) trips.Add(await RoundTripAsync(queue, cancellation).ConfigureAwait(false));
        return new QueueCase(name, messages, atOnce, messages / sent, messages / handled, trips.Order().ElementAt(RoundTrips / 2));
    }

    /// <summary>Seconds for all messages.</summary>
    private async Task<double> TimeAsync(Func<int, Task> handle)
    {
        var (started, next) = (time.GetTimestamp(), -1);
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < messages; i = Interlocked.Increment(ref next)) await handle(i).ConfigureAwait(false);
        }))).ConfigureAwait(false);
        return time.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task HandleAsync(IWorkQueue queue, CancellationToken cancellation)
    {
        ILease? lease;
        do lease = await queue.ReceiveAsync(Lease, cancellation).ConfigureAwait(false);
        while (lease is null);
        await lease.CompleteAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<double> RoundTripAsync(IWorkQueue queue, CancellationToken cancellation)
    {
        var receiving = HandleAsync(queue, cancellation);
        var started = time.GetTimestamp();
        await queue.SendAsync(Body, string.Create(CultureInfo.InvariantCulture, $"trip-{started}"), TimeSpan.Zero, cancellation).ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
        return time.GetElapsedTime(started).TotalMilliseconds;
    }
}
