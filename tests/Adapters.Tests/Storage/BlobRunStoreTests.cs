using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Adapters.Tests.Stores;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Tests.Storage;

/// <summary>Blocks of 64 KiB, so that a blob of a few hundred kilobytes goes the way of a large one.</summary>
public sealed class BlobRunStoreTests(AzuriteServer azurite) : RunStoreContract, IAsyncLifetime
{
    private const int BlockBytes = 64 * 1024;
    private StorageAccount _account = null!;
    private BlobRunStore _store = null!;
    private StorageOptions _options = null!;

    protected override IRunStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        _options = await azurite.OptionsAsync();
        (_options.Container, _options.BlockBytes) = ($"c-{Guid.NewGuid():N}", BlockBytes);
        _account = new StorageAccount(_options, TimeProvider.System);
        _store = await _account.OpenStoreAsync(Token);
    }

    public ValueTask DisposeAsync()
    {
        _account?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_large_blob_travels_in_blocks_and_a_small_one_in_one_piece()
    {
        await _store.CreateAsync(Name, (output, token) => output.WriteAsync(new byte[5 * BlockBytes + 1], token).AsTask(), Token);
        await WriteAsync(new BlobName("small"), "x");
        Assert.Equal(6, (await Blob(Name).GetBlockListAsync(cancellationToken: Token)).Value.CommittedBlocks.Count());
        Assert.Empty((await Blob(new BlobName("small")).GetBlockListAsync(cancellationToken: Token)).Value.CommittedBlocks);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3 * BlockBytes)]
    public async Task A_creation_whose_answer_was_lost_is_known_for_our_own(int length)
    {
        var store = Losing(request => request.Method == RequestMethod.Put && !request.Uri.Query.Contains("comp=block&", StringComparison.Ordinal));
        Assert.True(await store.CreateAsync(Name, (output, token) => output.WriteAsync(new byte[length], token).AsTask(), Token));
        Assert.False(await WriteAsync(Name, "second"));
    }

    [Fact]
    public async Task A_swap_whose_answer_was_lost_is_known_for_our_own()
    {
        var first = await _store.ReplaceAsync(Name, Bytes("one"), null, Token);
        var second = await Losing(request => request.Method == RequestMethod.Put).ReplaceAsync(Name, Bytes("two"), first, Token);
        Assert.Equal(second, (await _store.ReadAsync(Name, Token))!.ETag);
        Assert.Equal("two", await ReadAsync(Name));
    }

    [Fact]
    public async Task Content_that_is_not_what_was_written_is_refused_when_it_is_read()
    {
        await WriteAsync(Name, "what was written");
        await Blob(Name).SetMetadataAsync(new Dictionary<string, string> { ["sha256"] = new string('0', 64) }, cancellationToken: Token);

        var whole = await Assert.ThrowsAsync<StoreException>(() => _store.ReadAsync(Name, Token));
        Assert.Contains($"{Name}' is damaged", whole.Message);
        await using var streamed = await _store.OpenReadAsync(Name, Token);
        await Assert.ThrowsAsync<StoreException>(() => streamed!.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task A_blob_that_another_program_wrote_is_read_as_it_is()
    {
        await Blob(Name).UploadAsync(new MemoryStream(Bytes("theirs")), cancellationToken: Token);
        Assert.Equal("theirs", await ReadAsync(Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/runs")]
    [InlineData("runs//x")]
    [InlineData("runs/../x")]
    [InlineData("runs/.hidden")]
    [InlineData("runs\\x")]
    [InlineData("runs/a b")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new BlobName(name), "x"));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.ReadAsync(new BlobName(name), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.DeleteAsync(new BlobName(name), Token));
    }

    [Fact]
    public async Task A_missing_container_a_wrong_key_and_a_dead_service_are_told_apart_with_their_cures()
    {
        await new BlobContainerClient(_options.ConnectionString, _options.Container).DeleteAsync(cancellationToken: Token);
        Assert.Contains("is not there (ContainerNotFound)", (await Assert.ThrowsAsync<StoreException>(() => _store.ReadAsync(Name, Token))).Message);

        _options.ConnectionString = _options.ConnectionString!.Replace("AccountKey=Eby8", "AccountKey=AAAA", StringComparison.Ordinal);
        using var stranger = new StorageAccount(_options, TimeProvider.System);
        Assert.Contains("give the identity the role 'Storage Blob Data Contributor'", (await Assert.ThrowsAsync<StoreException>(() => stranger.OpenStoreAsync(Token))).Message);

        using var nowhere = new StorageAccount(Unreachable.Options(), TimeProvider.System);
        Assert.Contains("cannot be reached", (await Assert.ThrowsAsync<StoreException>(() => nowhere.OpenStoreAsync(Token))).Message);
    }

    private BlockBlobClient Blob(BlobName name) => new(_options.ConnectionString, _options.Container, name.Value);

    private BlobRunStore Losing(Func<Request, bool> hits)
    {
        var client = new BlobClientOptions();
        client.Retry.Delay = TimeSpan.FromMilliseconds(1);
        client.AddPolicy(new LostAnswers(hits), HttpPipelinePosition.PerRetry);
        return new BlobRunStore(new BlobContainerClient(_options.ConnectionString, _options.Container, client), BlockBytes);
    }
}
