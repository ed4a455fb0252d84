using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>
/// Block blobs of one container. A blob appears by one commit under a condition, so of many writers one wins and a crash
/// leaves nothing visible. Each blob carries the SHA-256 of its content, checked when it is read. Thread-safe.
/// </summary>
/// <remarks>Needs an account without hierarchical namespace: that one lists names in another order.</remarks>
/// <param name="container">An existing container.</param>
/// <param name="blockBytes">Bytes buffered and sent at once by an upload.</param>
public sealed class BlobRunStore(BlobContainerClient container, int blockBytes) : IRunStore
{
    public async Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        var blob = Blob(name);
        if (await ExistsAsync(name, cancellation)) return false;
        await using var upload = new BlobUpload(blob, blockBytes, cancellation);
        await write(upload, cancellation);
        return await GuardAsync(name, upload.CommitAsync(new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellation), cancellation) is not null;
    }

    public async Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation)
    {
        var download = await FindAsync(name, blob => blob.DownloadStreamingAsync(cancellationToken: cancellation), cancellation);
        return download is null ? null : new VerifiedStream(download.Content, BlobMarks.Sha256Of(download.Details.Metadata), Place(name), cancellation);
    }

    public async Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation)
    {
        var download = await FindAsync(name, blob => blob.DownloadContentAsync(cancellation), cancellation);
        if (download is null) return null;
        var content = download.Content.ToMemory();
        BlobMarks.Verify(content.Span, BlobMarks.Sha256Of(download.Details.Metadata), Place(name));
        return new VersionedBlob(content, download.Details.ETag.ToString());
    }

    public async Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation)
    {
        var conditions = expected is null
            ? new BlobRequestConditions { IfNoneMatch = ETag.All }
            : new BlobRequestConditions { IfMatch = new ETag(expected) };
        await using var upload = new BlobUpload(Blob(name), Math.Max(blockBytes, content.Length), cancellation);
        await upload.WriteAsync(content, cancellation);
        return await GuardAsync(name, upload.CommitAsync(conditions, cancellation), cancellation);
    }

    public async Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation) =>
        await GuardAsync(name, Blob(name).ExistsAsync(cancellation), cancellation);

    public async IAsyncEnumerable<BlobName> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var items = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellation).GetAsyncEnumerator(cancellation);
        while (await GuardAsync(new BlobName(prefix), items.MoveNextAsync().AsTask(), cancellation))
            yield return new BlobName(items.Current.Name);
    }

    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var items = container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancellation).GetAsyncEnumerator(cancellation);
        while (await GuardAsync(new BlobName(prefix), items.MoveNextAsync().AsTask(), cancellation))
            if (items.Current.IsPrefix)
                yield return items.Current.Prefix[prefix.Length..^1];
    }

    public async Task DeleteAsync(BlobName name, CancellationToken cancellation) =>
        await GuardAsync(name, Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellation), cancellation);

    private BlockBlobClient Blob(BlobName name)
    {
        BlobMarks.RequireName(name);
        return container.GetBlockBlobClient(name.Value);
    }

    private string Place(BlobName name) => $"{container.Uri}/{name}";

    /// <summary>Null when there is no such blob; a missing container is an error.</summary>
    private async Task<T?> FindAsync<T>(BlobName name, Func<BlockBlobClient, Task<Response<T>>> read, CancellationToken cancellation) where T : class
    {
        try
        {
            return (await read(Blob(name))).Value;
        }
        catch (RequestFailedException error) when (error.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Store(error, Place(name));
        }
    }

    private async Task<T> GuardAsync<T>(BlobName name, Task<T> request, CancellationToken cancellation)
    {
        try
        {
            return await request;
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Store(error, Place(name));
        }
    }

    private async Task<T> GuardAsync<T>(BlobName name, Task<Response<T>> request, CancellationToken cancellation) =>
        (await GuardAsync<Response<T>>(name, request, cancellation)).Value;
}
