using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>
/// Content on its way to a block blob, in one buffer of a block: full blocks are staged, where nobody sees them, and
/// <see cref="CommitAsync"/> makes the blob. An upload that is not committed leaves nothing; the service drops its blocks.
/// Every request carries a checksum of its bytes.
/// </summary>
internal sealed class BlobUpload(BlockBlobClient blob, int blockBytes, CancellationToken cancellation) : Stream
{
    private static readonly UploadTransferValidationOptions Checksum = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 };
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    /// <summary>Begins the ids of our blocks: another upload of the same blob stages beside us.</summary>
    private readonly Guid _writer = Guid.NewGuid();
    private readonly List<string> _blocks = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(blockBytes);
    private int _buffered;
    private long _written;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => _written;

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        while (content.Length > 0)
        {
            if (_buffered == blockBytes) await GuardAsync(StageAsync(cancellationToken));
            content = content[Fill(content.Span)..];
        }
    }

    public override void Write(ReadOnlySpan<byte> content)
    {
        while (content.Length > 0)
        {
            // A writer that cannot wait asynchronously waits here.
            if (_buffered == blockBytes) GuardAsync(StageAsync(cancellation)).GetAwaiter().GetResult();
            content = content[Fill(content)..];
        }
    }

    /// <summary>Makes the blob when the conditions hold. Its tag, or null when another writer was first.</summary>
    public async Task<string?> CommitAsync(BlobRequestConditions conditions, CancellationToken token)
    {
        var metadata = new Dictionary<string, string>
        {
            [BlobMarks.Sha256] = Convert.ToHexStringLower(_sha256.GetHashAndReset()),
            [BlobMarks.Writer] = _writer.ToString("N"),
        };
        for (var asBlocks = _blocks.Count > 0; ; asBlocks = true)
        {
            try
            {
                return (asBlocks ? await CommitBlocksAsync(conditions, metadata, token) : await PutAsync(conditions, metadata, token)).ToString();
            }
            catch (RequestFailedException error) when (IsLostRace(error))
            {
                // Ours: the write had worked, its answer was lost, and the retry met it.
                if (await FindAsync(token) is { } found) return IsOurs(found) ? found.ETag.ToString() : null;
                if (conditions.IfNoneMatch is null) return null;
                // Blocks that a failed upload left can be in the way of a blob that is put whole, not of one that is committed.
                if (asBlocks) throw;
            }
        }
    }

    public override void Flush()
    {
        // Part of a block is not worth a request; the commit takes it.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _sha256.Dispose();
        base.Dispose(disposing);
    }

    private int Fill(ReadOnlySpan<byte> content)
    {
        var count = Math.Min(content.Length, blockBytes - _buffered);
        content[..count].CopyTo(_buffer.AsSpan(_buffered));
        _sha256.AppendData(content[..count]);
        _buffered += count;
        _written += count;
        return count;
    }

    private async Task StageAsync(CancellationToken token)
    {
        var id = NextBlockId();
        await blob.StageBlockAsync(id, Buffered(), new BlockBlobStageBlockOptions { TransferValidation = Checksum }, token);
        _blocks.Add(id);
        _buffered = 0;
    }

    /// <summary>The writer in front of the number; all ids of a blob have to be of one length.</summary>
    private string NextBlockId()
    {
        Span<byte> id = stackalloc byte[20];
        _writer.TryWriteBytes(id);
        BinaryPrimitives.WriteInt32BigEndian(id[16..], _blocks.Count);
        return Convert.ToBase64String(id);
    }

    private async Task<ETag> PutAsync(BlobRequestConditions conditions, Dictionary<string, string> metadata, CancellationToken token)
    {
        var options = new BlobUploadOptions { Conditions = conditions, Metadata = metadata, TransferValidation = Checksum };
        return (await blob.UploadAsync(Buffered(), options, token)).Value.ETag;
    }

    private async Task<ETag> CommitBlocksAsync(BlobRequestConditions conditions, Dictionary<string, string> metadata, CancellationToken token)
    {
        if (_buffered > 0) await StageAsync(token);
        return (await blob.CommitBlockListAsync(_blocks, new CommitBlockListOptions { Conditions = conditions, Metadata = metadata }, token)).Value.ETag;
    }

    /// <summary>The commit of another upload discards the blocks we staged: ours then has an invalid list.</summary>
    private static bool IsLostRace(RequestFailedException error) =>
        error.ErrorCode == BlobErrorCode.BlobAlreadyExists || error.ErrorCode == BlobErrorCode.ConditionNotMet || error.ErrorCode == BlobErrorCode.InvalidBlockList
        || error.ErrorCode == BlobErrorCode.BlobNotFound;

    /// <summary>Null when there is no blob.</summary>
    private async Task<BlobProperties?> FindAsync(CancellationToken token)
    {
        try
        {
            return (await blob.GetPropertiesAsync(cancellationToken: token)).Value;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    private bool IsOurs(BlobProperties found) => found.Metadata.TryGetValue(BlobMarks.Writer, out var writer) && writer == _writer.ToString("N");

    private MemoryStream Buffered() => new(_buffer, 0, _buffered, writable: false);

    private async Task GuardAsync(Task request)
    {
        try
        {
            await request;
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Store(error, blob.Uri.ToString());
        }
    }
}
