using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Tests.Stores;

/// <summary>A dictionary beside a store: each step is done to both, and both must agree.</summary>
internal sealed class StoreModel(IRunStore store)
{
    private readonly Dictionary<string, (string Value, string? Tag)> _blobs = [];

    public IEnumerable<string> Names => _blobs.Keys.Order(StringComparer.Ordinal);

    /// <param name="kind">0 create, 1 swap, 2 delete, 3 exists, 4 read.</param>
    public async Task StepAsync(int kind, BlobName name, string value, CancellationToken cancellation)
    {
        var isThere = _blobs.TryGetValue(name.Value, out var known);
        var read = await store.ReadAsync(name, cancellation);
        switch (kind)
        {
            case 0:
                Assert.Equal(!isThere, await store.CreateAsync(name, (output, token) => output.WriteAsync(Encoding.UTF8.GetBytes(value), token).AsTask(), cancellation));
                if (!isThere) _blobs[name.Value] = (value, null);
                break;
            case 1:
                _blobs[name.Value] = (value, Assert.IsType<string>(await store.ReplaceAsync(name, Encoding.UTF8.GetBytes(value), read?.ETag, cancellation)));
                break;
            case 2:
                await store.DeleteAsync(name, cancellation);
                _blobs.Remove(name.Value);
                break;
            case 3:
                Assert.Equal(isThere, await store.ExistsAsync(name, cancellation));
                break;
            default:
                Assert.Equal(isThere ? known.Value : null, read is null ? null : Encoding.UTF8.GetString(read.Content.Span));
                if (known.Tag is not null) Assert.Equal(known.Tag, read!.ETag);
                break;
        }
    }
}
