using System.Security.Cryptography;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>Content of a blob, read once from start to end. Reading its end checks it against the checksum it was written with.</summary>
/// <param name="expected">SHA-256 in lower-case hex; null when the blob has none.</param>
internal sealed class VerifiedStream(Stream content, string? expected, string place, CancellationToken cancellation) : Stream
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _read;
    private bool _ended;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await content.ReadAsync(buffer, cancellationToken);
            return Check(buffer.Span, count);
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellationToken))
        {
            throw StorageErrors.Store(error, place);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Check(buffer, content.Read(buffer));
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Store(error, place);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        content.Dispose();
        _sha256.Dispose();
        base.Dispose(disposing);
    }

    private int Check(ReadOnlySpan<byte> buffer, int count)
    {
        if (count > 0)
        {
            _sha256.AppendData(buffer[..count]);
            _read += count;
        }
        else if (buffer.Length > 0 && !_ended)
        {
            _ended = true;
            if (expected is not null) BlobMarks.Verify(Convert.ToHexStringLower(_sha256.GetHashAndReset()), expected, place);
        }
        return count;
    }
}
