using System.Security.Cryptography;
using System.Text;
using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Tests.Conformance;

/// <summary>What every <see cref="IRunStore"/> does. One subclass an adapter.</summary>
public abstract class RunStoreConformance : IAsyncLifetime
{
    private static readonly BlobName Name = new("a/b-1/c_2.json");
    private IRunStore _store = null!;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>An empty store that nobody else uses.</summary>
    protected abstract Task<IRunStore> CreateAsync();

    public async ValueTask InitializeAsync() => _store = await CreateAsync();

    public virtual ValueTask DisposeAsync()
    {
        (_store as IDisposable)?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_was_created_is_read_back()
    {
        Assert.True(await CreateAsync(Name, "first"));

        Assert.True(await _store.ExistsAsync(Name, Stop));
        Assert.Equal("first", await ReadAsync(Name));
        await using var content = await _store.OpenReadAsync(Name, Stop);
        using var reader = new StreamReader(content!);
        Assert.Equal("first", await reader.ReadToEndAsync(Stop));
    }

    [Fact]
    public async Task What_is_not_there_is_told_without_an_error()
    {
        Assert.False(await _store.ExistsAsync(Name, Stop));
        Assert.Null(await _store.ReadAsync(Name, Stop));
        Assert.Null(await _store.OpenReadAsync(Name, Stop));
        Assert.Empty(await ListAsync(""));
        await _store.DeleteAsync(Name, Stop);
    }

    [Fact]
    public async Task A_second_creation_changes_nothing()
    {
        await CreateAsync(Name, "first");
        Assert.False(await CreateAsync(Name, "second"));
        Assert.Equal("first", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_creation_that_fails_leaves_nothing_and_can_be_done_again()
    {
        var failure = new InvalidOperationException("the writer's own");
        var seen = await Assert.ThrowsAsync<InvalidOperationException>(() => _store.CreateAsync(Name, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[300_000], token);
            throw failure;
        }, Stop));

        Assert.Same(failure, seen);
        Assert.False(await _store.ExistsAsync(Name, Stop));
        Assert.Empty(await ListAsync(""));
        Assert.True(await CreateAsync(Name, "again"));
        Assert.Equal("again", await ReadAsync(Name));
    }

    [Fact]
    public async Task Of_many_creators_one_wins_and_its_content_is_whole()
    {
        const int Creators = 16;
        const int Length = 400_000;
        var won = await Task.WhenAll(Enumerable.Range(1, Creators).Select(async creator =>
        {
            var content = new byte[Length];
            Array.Fill(content, (byte)creator);
            var created = await _store.CreateAsync(Name, async (stream, token) =>
            {
                foreach (var part in content.Chunk(50_000)) await stream.WriteAsync(part, token);
            }, Stop);
            return created ? creator : 0;
        }));

        var winner = Assert.Single(won, creator => creator > 0);
        var stored = (await _store.ReadAsync(Name, Stop))!.Content.ToArray();
        Assert.Equal(Length, stored.Length);
        Assert.All(stored.Distinct(), value => Assert.Equal(winner, value));
    }

    [Fact]
    public async Task A_swap_wins_only_against_the_version_it_expects()
    {
        var first = await ReplaceAsync(Name, "1", null);
        Assert.NotNull(first);
        Assert.Null(await ReplaceAsync(Name, "other", null));
        var second = await ReplaceAsync(Name, "2", first);
        Assert.NotNull(second);
        Assert.Null(await ReplaceAsync(Name, "stale", first));
        Assert.Null(await ReplaceAsync(new BlobName("missing"), "3", second));

        var stored = await _store.ReadAsync(Name, Stop);
        Assert.Equal(second, stored!.ETag);
        Assert.Equal("2", Encoding.UTF8.GetString(stored.Content.Span));
    }

    [Fact]
    public async Task Swaps_by_many_lose_no_update()
    {
        const int Writers = 8;
        const int Each = 5;
        await ReplaceAsync(Name, "0", null);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            for (var done = 0; done < Each;)
            {
                var current = (await _store.ReadAsync(Name, Stop))!;
                var next = int.Parse(Encoding.UTF8.GetString(current.Content.Span), System.Globalization.CultureInfo.InvariantCulture) + 1;
                if (await ReplaceAsync(Name, $"{next}", current.ETag) is not null) done++;
            }
        }));
        Assert.Equal($"{Writers * Each}", await ReadAsync(Name));
    }

    [Fact]
    public async Task Names_are_listed_by_prefix_in_ordinal_order()
    {
        string[] names = ["b", "a/2", "a/10", "a/1/z", "a/1.json", "ab/1", "a-b", "A/1"];
        foreach (var name in names) await CreateAsync(new BlobName(name), name);

        Assert.Equal(names.Order(StringComparer.Ordinal), await ListAsync(""));
        Assert.Equal(["a/1.json", "a/1/z", "a/10", "a/2"], await ListAsync("a/"));
        Assert.Equal(["a/1.json", "a/1/z", "a/10"], await ListAsync("a/1"));
        Assert.Empty(await ListAsync("c/"));
    }

    [Fact]
    public async Task What_was_deleted_can_be_created_anew()
    {
        await CreateAsync(Name, "first");
        await _store.DeleteAsync(Name, Stop);
        Assert.False(await _store.ExistsAsync(Name, Stop));
        Assert.True(await CreateAsync(Name, "second"));
        Assert.Equal("second", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_large_blob_comes_back_byte_for_byte_through_parts_of_any_size()
    {
        var content = new byte[3_000_001];
        for (var i = 0; i < content.Length; i++) content[i] = (byte)(i * 2_654_435_761L >> 13);
        Assert.True(await _store.CreateAsync(Name, async (stream, token) =>
        {
            for (int at = 0, size = 1; at < content.Length; at += size, size = Math.Min(size * 3, content.Length - at))
            {
                size = Math.Min(size, content.Length - at);
                if (size % 2 == 0) await stream.WriteAsync(content.AsMemory(at, size), token);
                else stream.Write(content, at, size);
            }
            await stream.FlushAsync(token);
        }, Stop));

        await using var stored = await _store.OpenReadAsync(Name, Stop);
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stored!, Stop));
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        Assert.True(await _store.CreateAsync(Name, (_, _) => Task.CompletedTask, Stop));
        Assert.Equal("", await ReadAsync(Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/../../b")]
    [InlineData("a/.hidden")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("é")]
    public async Task A_name_that_could_lead_elsewhere_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(new BlobName(name), "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.ReadAsync(new BlobName(name), Stop));
    }

    [Fact]
    public async Task A_cancelled_creation_leaves_nothing()
    {
        using var ended = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.CreateAsync(Name, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[10], token);
            await ended.CancelAsync();
            token.ThrowIfCancellationRequested();
        }, ended.Token));
        Assert.False(await _store.ExistsAsync(Name, Stop));
    }

    /// <summary>Random operations against a dictionary.</summary>
    [Fact]
    public async Task The_store_behaves_as_a_dictionary_does()
    {
        var step = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3], Gen.Int[0, 9]);
        foreach (var (kind, key, value) in Gen.Select(step.List[60], list => list).Single())
        {
            var name = new BlobName($"model/{key}");
            await StepAsync(kind, name, $"value {value}");
        }
        Assert.Equal(_model.Keys.Order(StringComparer.Ordinal), await ListAsync("model/"));
    }

    private readonly Dictionary<string, (string Value, string? Tag)> _model = [];

    private async Task StepAsync(int kind, BlobName name, string value)
    {
        var isThere = _model.TryGetValue(name.Value, out var known);
        switch (kind)
        {
            case 0:
                Assert.Equal(!isThere, await CreateAsync(name, value));
                if (!isThere) _model[name.Value] = (value, null);
                break;
            case 1:
                var expected = isThere ? (await _store.ReadAsync(name, Stop))!.ETag : null;
                _model[name.Value] = (value, Assert.IsType<string>(await ReplaceAsync(name, value, expected)));
                break;
            case 2:
                await _store.DeleteAsync(name, Stop);
                _model.Remove(name.Value);
                break;
            case 3:
                Assert.Equal(isThere, await _store.ExistsAsync(name, Stop));
                break;
            default:
                var read = await _store.ReadAsync(name, Stop);
                Assert.Equal(isThere ? known.Value : null, read is null ? null : Encoding.UTF8.GetString(read.Content.Span));
                if (known.Tag is not null) Assert.Equal(known.Tag, read!.ETag);
                break;
        }
    }

    private Task<bool> CreateAsync(BlobName name, string content) =>
        _store.CreateAsync(name, (stream, token) => stream.WriteAsync(Encoding.UTF8.GetBytes(content), token).AsTask(), Stop);

    private Task<string?> ReplaceAsync(BlobName name, string content, string? expected) =>
        _store.ReplaceAsync(name, Encoding.UTF8.GetBytes(content), expected, Stop);

    private async Task<string> ReadAsync(BlobName name) => Encoding.UTF8.GetString((await _store.ReadAsync(name, Stop))!.Content.Span);

    private async Task<string[]> ListAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var name in _store.ListAsync(prefix, Stop)) names.Add(name.Value);
        return [.. names];
    }
}
