using System.Globalization;
using System.Runtime.CompilerServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Tests.Shared;

/// <summary>A run store in memory: what a process leaves behind outlives it as long as the test keeps the store.</summary>
public sealed class InMemoryRunStore : IRunStore
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (byte[] Content, long Version)> _blobs = new(StringComparer.Ordinal);
    private long _version;

    public IReadOnlyDictionary<string, byte[]> Blobs
    {
        get { lock (_gate) return _blobs.ToDictionary(pair => pair.Key, pair => pair.Value.Content); }
    }

    public async Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        using var output = new MemoryStream();
        await write(output, cancellation);
        lock (_gate) return _blobs.TryAdd(name.Value, (output.ToArray(), ++_version));
    }

    public Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation)
    {
        lock (_gate) return Task.FromResult<Stream?>(_blobs.TryGetValue(name.Value, out var blob) ? new MemoryStream(blob.Content, writable: false) : null);
    }

    public Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation)
    {
        lock (_gate) return Task.FromResult(_blobs.TryGetValue(name.Value, out var blob) ? new VersionedBlob(blob.Content, Tag(blob.Version)) : null);
    }

    public Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var current = _blobs.TryGetValue(name.Value, out var blob) ? Tag(blob.Version) : null;
            if (current != expected) return Task.FromResult<string?>(null);
            _blobs[name.Value] = (content.ToArray(), ++_version);
            return Task.FromResult<string?>(Tag(_version));
        }
    }

    public Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation)
    {
        lock (_gate) return Task.FromResult(_blobs.ContainsKey(name.Value));
    }

    /// <summary>How often blobs were listed.</summary>
    public int Listings { get; private set; }

    public async IAsyncEnumerable<BlobName> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        Listings++;
        List<string> names;
        lock (_gate) names = [.. _blobs.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        foreach (var name in names) yield return new BlobName(name);
    }

    public Task DeleteAsync(BlobName name, CancellationToken cancellation)
    {
        lock (_gate) _blobs.Remove(name.Value);
        return Task.CompletedTask;
    }

    private static string Tag(long version) => version.ToString(CultureInfo.InvariantCulture);
}
