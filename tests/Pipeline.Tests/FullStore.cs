using System.Runtime.CompilerServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A store on a disk that fills up: it can be read, and nothing can be written.</summary>
internal sealed class FullStore(IRunStore inner) : IRunStore
{
    public bool IsFull { get; set; }

    public Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation) =>
        IsFull ? throw new StoreException("the disk is full") : inner.CreateAsync(name, write, cancellation);

    public Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation) =>
        IsFull ? throw new StoreException("the disk is full") : inner.ReplaceAsync(name, content, expected, cancellation);

    public Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation) => inner.OpenReadAsync(name, cancellation);
    public Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation) => inner.ReadAsync(name, cancellation);
    public Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation) => inner.ExistsAsync(name, cancellation);
    public Task DeleteAsync(BlobName name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public async IAsyncEnumerable<BlobName> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var name in inner.ListAsync(prefix, cancellation)) yield return name;
    }
}
