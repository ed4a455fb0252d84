using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Hosting;

/// <summary>Stops the host once none of its pumps has had a message for a while: a job that is paid by the second ends by itself. Thread-safe.</summary>
/// <param name="patience">How long the queues have to be empty.</param>
internal sealed class IdleWatch(TimeSpan patience, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private readonly Lock _gate = new();
    private long _since = time.GetTimestamp();
    private int _busy;

    /// <summary>The queue as one pump sees it; a pump is busy from a message until it asks for the next.</summary>
    public IWorkQueue Watch(IWorkQueue queue) => new WatchedQueue(queue, this);

    private void Begin()
    {
        lock (_gate) _busy++;
    }

    private void End()
    {
        lock (_gate)
        {
            _busy--;
            _since = time.GetTimestamp();
        }
    }

    private void Empty()
    {
        lock (_gate)
            if (_busy > 0 || time.GetElapsedTime(_since) < patience) return;
        lifetime.StopApplication();
    }

    private sealed class WatchedQueue(IWorkQueue inner, IdleWatch owner) : IWorkQueue
    {
        private bool _busy;

        public string Name => inner.Name;

        public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) => inner.SendAsync(body, id, delay, cancellation);

        public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
        {
            if (_busy) owner.End();
            _busy = false;
            var lease = await inner.ReceiveAsync(duration, cancellation);
            if (lease is null) owner.Empty();
            else owner.Begin();
            _busy = lease is not null;
            return lease;
        }
    }
}
