using System.Runtime.CompilerServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>The process is gone: nothing it does has an effect any more.</summary>
internal sealed class ProcessDiedException : Exception;

/// <summary>Kills a process right after its n-th effect on the world: that one is done, and everything after it never happens.</summary>
internal sealed class Fuse(int effects)
{
    private int _left = effects;
    private int _count;

    public static Fuse Endless => new(int.MaxValue);

    public int Count => Volatile.Read(ref _count);
    public bool IsBlown => Volatile.Read(ref _left) <= 0;

    public async Task<T> RunAsync<T>(Func<Task<T>> effect)
    {
        ThrowIfBlown();
        var result = await effect();
        Interlocked.Increment(ref _count);
        Interlocked.Decrement(ref _left);
        ThrowIfBlown();
        return result;
    }

    public Task RunAsync(Func<Task> effect) => RunAsync(async () => { await effect(); return true; });

    public void ThrowIfBlown()
    {
        if (IsBlown) throw new ProcessDiedException();
    }
}

/// <summary>A store whose every write may be the last thing the process does.</summary>
internal sealed class FusedStore(IRunStore inner, Fuse fuse) : IRunStore
{
    public Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation) =>
        fuse.RunAsync(() => inner.CreateAsync(name, write, cancellation));

    public Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation) =>
        fuse.RunAsync(() => inner.ReplaceAsync(name, content, expected, cancellation));

    public Task DeleteAsync(BlobName name, CancellationToken cancellation) => fuse.RunAsync(() => inner.DeleteAsync(name, cancellation));

    public Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation)
    {
        fuse.ThrowIfBlown();
        return inner.OpenReadAsync(name, cancellation);
    }

    public Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation)
    {
        fuse.ThrowIfBlown();
        return inner.ReadAsync(name, cancellation);
    }

    public Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation)
    {
        fuse.ThrowIfBlown();
        return inner.ExistsAsync(name, cancellation);
    }

    public async IAsyncEnumerable<BlobName> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        fuse.ThrowIfBlown();
        await foreach (var name in inner.ListAsync(prefix, cancellation)) yield return name;
    }
}

/// <summary>A queue whose every send and settlement may be the last thing the process does.</summary>
internal sealed class FusedQueue(IWorkQueue inner, Fuse fuse) : IWorkQueue
{
    public string Name => inner.Name;

    public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) =>
        fuse.RunAsync(() => inner.SendAsync(body, id, delay, cancellation));

    public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        fuse.ThrowIfBlown();
        return await inner.ReceiveAsync(duration, cancellation) is { } lease ? new FusedLease(lease, fuse) : null;
    }

    private sealed class FusedLease(ILease inner, Fuse fuse) : ILease
    {
        public ReadOnlyMemory<byte> Body => inner.Body;
        public string MessageId => inner.MessageId;
        public int Attempt => inner.Attempt;

        public Task CompleteAsync(CancellationToken cancellation) => fuse.RunAsync(() => inner.CompleteAsync(cancellation));
        public Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation) => fuse.RunAsync(() => inner.SnoozeAsync(delay, cancellation));
        public Task AbandonAsync(CancellationToken cancellation) => fuse.RunAsync(() => inner.AbandonAsync(cancellation));
        public Task RejectAsync(string reason, CancellationToken cancellation) => fuse.RunAsync(() => inner.RejectAsync(reason, cancellation));
        public Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation) => inner.RenewAsync(duration, cancellation);
    }
}
