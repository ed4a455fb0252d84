using System.Runtime.CompilerServices;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Ports;

/// <summary>
/// Blobs of runs. A blob is there whole or not at all, also after a crash. Every blob is written once, except those
/// moved by <see cref="ReplaceAsync"/>.
/// </summary>
public interface IRunStore
{
    /// <summary>Creates a blob from what <paramref name="write"/> writes. False when it was already there: somebody already did, and nothing changed.</summary>
    /// <exception cref="StoreException">The store could not take it; nothing is left behind.</exception>
    Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation);

    /// <summary>Null when there is no such blob. The caller disposes the stream.</summary>
    Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation);

    /// <summary>A small blob with its version, or null when there is none.</summary>
    Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation);

    /// <summary>Compare-and-swap: writes only when the blob still has <paramref name="expected"/> (null: does not exist). Returns the new tag, or null when the swap lost.</summary>
    Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation);

    Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation);

    /// <summary>Names that start with the prefix, in ordinal order.</summary>
    IAsyncEnumerable<BlobName> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>
    /// Names of the folders directly below a prefix that ends with '/', each once, in the order of <see cref="ListAsync"/>;
    /// without reading what is further down where the store can. May name one whose blobs were all deleted.
    /// </summary>
    async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var last = "";
        await foreach (var name in ListAsync(prefix, cancellation))
        {
            var length = name.Value.IndexOf('/', prefix.Length) - prefix.Length;
            if (length <= 0 || name.Value.AsSpan(prefix.Length, length).SequenceEqual(last)) continue;
            yield return last = name.Value.Substring(prefix.Length, length);
        }
    }

    /// <summary>For retention only. No error when the blob is not there.</summary>
    Task DeleteAsync(BlobName name, CancellationToken cancellation);
}

public sealed record VersionedBlob(ReadOnlyMemory<byte> Content, string ETag);

/// <summary>The store failed (full disk, lost connection, no permission); the message names the place and the cure.</summary>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
