using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Adapters.Tests.Stores;

public sealed class FolderRunStoreTests : RunStoreContract, IDisposable
{
    private const int NoSpaceLeft = 28;
    private readonly TempFolder _folder = new();
    private readonly FolderRunStore _store;

    public FolderRunStoreTests() => _store = Open();

    protected override IRunStore Store => _store;

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("runs/../../outside")]
    [InlineData("runs/./x")]
    [InlineData("runs//x")]
    [InlineData("runs/.hidden")]
    [InlineData("runs/a b")]
    [InlineData("runs\\x")]
    [InlineData("runs/x\0")]
    public async Task A_name_that_could_leave_the_folder_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new BlobName(name), "x"));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.ReadAsync(new BlobName(name), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.DeleteAsync(new BlobName(name), Token));
    }

    [Fact]
    public async Task A_listing_never_leaves_the_folder() => Assert.Empty(await ListAsync("../"));

    [Fact]
    public async Task What_one_store_wrote_another_on_the_same_folder_sees_and_cannot_overwrite()
    {
        await WriteAsync(Name, "first");
        using var other = Open();
        Assert.True(await other.ExistsAsync(Name, Token));
        Assert.False(await other.CreateAsync(Name, (output, token) => output.WriteAsync(Bytes("second"), token).AsTask(), Token));
    }

    [Fact]
    public async Task Two_stores_on_one_folder_count_without_losing_a_count()
    {
        using var other = Open();
        await _store.ReplaceAsync(Name, Bytes("0"), null, Token);
        await Task.WhenAll(CountAsync(_store), CountAsync(other));
        Assert.Equal("40", await ReadAsync(Name));
    }

    [Fact]
    public async Task Scratch_files_of_a_dead_process_are_not_listed_and_are_gone_after_the_next_start()
    {
        var scratch = Path.Combine(_folder["store"], ".store", "scratch");
        Directory.CreateDirectory(Path.Combine(scratch, "dead"));
        await File.WriteAllTextAsync(Path.Combine(scratch, "dead", "half-written"), "half", Token);
        await File.WriteAllTextAsync(Path.Combine(scratch, "dead.lock"), "", Token);
        Assert.Empty(await ListAsync(""));

        using var next = Open();
        Assert.False(Directory.Exists(Path.Combine(scratch, "dead")));
        Assert.False(File.Exists(Path.Combine(scratch, "dead.lock")));
    }

    [Fact]
    public async Task Scratch_files_of_a_living_store_are_left_alone()
    {
        Assert.True(await _store.CreateAsync(Name, async (output, token) =>
        {
            await output.WriteAsync(Bytes("slow "), token);
            Open().Dispose();
            await output.WriteAsync(Bytes("writer"), token);
        }, Token));
        Assert.Equal("slow writer", await ReadAsync(Name));
    }

    [Fact]
    public async Task Nothing_but_blobs_and_the_store_s_own_folder_is_left()
    {
        await WriteAsync(Name, "x");
        await WriteAsync(Name, "again");
        await _store.ReplaceAsync(new BlobName("status.json"), Bytes("y"), null, Token);
        _store.Dispose();
        Assert.Equal(["runs", "status.json"], Directory.GetFileSystemEntries(_folder["store"]).Select(Path.GetFileName).Where(name => name != ".store").Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder["store"], ".store", "scratch")));
    }

    [Fact]
    public async Task A_full_disk_is_said_so_with_the_place_and_the_cure_and_leaves_nothing()
    {
        var error = await Assert.ThrowsAsync<StoreException>(() =>
            _store.CreateAsync(Name, (_, _) => throw new IOException("No space left on device", NoSpaceLeft), Token));
        Assert.StartsWith("the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Contains("plan.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("free some space", error.Message, StringComparison.Ordinal);
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_said_so_with_its_place()
    {
        File.WriteAllText(_folder["file"], "");
        var error = Assert.Throws<StoreException>(() => new FolderRunStore(_folder["file/store"], TimeProvider.System));
        Assert.Contains(_folder["file/store"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_the_last_blob_of_a_folder_removes_the_folder()
    {
        await WriteAsync(Name, "x");
        await _store.DeleteAsync(Name, Token);
        Assert.False(Directory.Exists(Path.Combine(_folder["store"], "runs/r/steps/000001")));
    }

    [Fact]
    public void One_process_at_a_time_works_on_a_run()
    {
        using (RunLock.Take(_store, RunId.Parse("r")))
        {
            var error = Assert.Throws<InvalidInputException>(() => RunLock.Take(_store, RunId.Parse("r")));
            Assert.Contains("another process", error.Message, StringComparison.Ordinal);
        }
        RunLock.Take(_store, RunId.Parse("r")).Dispose();
    }

    private FolderRunStore Open() => new(_folder["store"], TimeProvider.System);

    private static async Task CountAsync(FolderRunStore store)
    {
        for (var done = 0; done < 20;)
        {
            var blob = (await store.ReadAsync(Name, Token))!;
            var next = int.Parse(System.Text.Encoding.UTF8.GetString(blob.Content.Span), System.Globalization.CultureInfo.InvariantCulture) + 1;
            if (await store.ReplaceAsync(Name, Bytes($"{next}"), blob.ETag, Token) is not null) done++;
        }
    }
}
