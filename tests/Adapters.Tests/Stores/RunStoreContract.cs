using System.Security.Cryptography;
using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Adapters.Tests.Stores;

/// <summary>What every run store does. Subclassed once an adapter.</summary>
public abstract class RunStoreContract
{
    protected static readonly BlobName Name = new("runs/r/steps/000001/plan.json");

    protected abstract IRunStore Store { get; }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Records_come_back_as_they_were_written() => RecordsInStores.AssertRoundTripAsync(Store, Token);

    [Fact]
    public async Task A_blob_is_created_once_and_read_back()
    {
        Assert.True(await WriteAsync(Name, "first"));
        Assert.False(await WriteAsync(Name, "second"));
        Assert.Equal("first", await ReadAsync(Name));
        Assert.True(await Store.ExistsAsync(Name, Token));
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_null_and_not_an_error()
    {
        Assert.Null(await Store.ReadAsync(Name, Token));
        Assert.Null(await Store.OpenReadAsync(Name, Token));
        Assert.False(await Store.ExistsAsync(Name, Token));
        await Store.DeleteAsync(Name, Token);
    }

    [Fact]
    public async Task Of_32_creators_one_wins_and_its_content_stands()
    {
        for (var round = 0; round < 5; round++)
        {
            var name = new BlobName($"runs/r/race/{round}");
            var winner = Assert.Single(await RaceAsync(name, 32), result => result.Created);
            Assert.Equal($"content of {winner.Creator}", await ReadAsync(name));
        }
    }

    [Fact]
    public async Task A_creator_that_is_overtaken_while_it_writes_loses()
    {
        Assert.False(await Store.CreateAsync(Name, async (output, token) =>
        {
            await output.WriteAsync(Bytes("slow"), token);
            Assert.True(await WriteAsync(Name, "fast"));
        }, Token));
        Assert.Equal("fast", await ReadAsync(Name));
    }

    [Fact]
    public async Task Of_32_swaps_from_one_version_one_wins()
    {
        var tag = await Store.ReplaceAsync(Name, Bytes("start"), null, Token);
        var swaps = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => Store.ReplaceAsync(Name, Bytes($"swap {i}"), tag, Token), Token)));
        var winner = Assert.Single(Enumerable.Range(0, 32), i => swaps[i] is not null);
        Assert.Equal($"swap {winner}", await ReadAsync(Name));
    }

    [Fact]
    public async Task Counting_by_swaps_from_many_threads_loses_no_count()
    {
        await Store.ReplaceAsync(Name, Bytes("0"), null, Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++) await IncrementAsync();
        }, Token)));
        Assert.Equal("80", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_swap_needs_the_version_that_is_there()
    {
        Assert.Null(await Store.ReplaceAsync(Name, Bytes("x"), "no such tag", Token));
        var first = await Store.ReplaceAsync(Name, Bytes("one"), null, Token);
        Assert.NotNull(first);
        Assert.Null(await Store.ReplaceAsync(Name, Bytes("x"), null, Token));
        var second = await Store.ReplaceAsync(Name, Bytes("two"), first, Token);
        Assert.NotNull(second);
        Assert.Null(await Store.ReplaceAsync(Name, Bytes("x"), first, Token));
        Assert.Equal(second, (await Store.ReadAsync(Name, Token))!.ETag);
        Assert.Equal("two", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_nothing_and_the_name_free()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateAsync(Name, async (output, token) =>
        {
            await output.WriteAsync(Bytes("half"), token);
            throw new InvalidOperationException("broke in the middle");
        }, Token));
        Assert.False(await Store.ExistsAsync(Name, Token));
        Assert.Empty(await ListAsync(""));
        Assert.True(await WriteAsync(Name, "whole"));
    }

    [Fact]
    public async Task Names_are_listed_by_prefix_in_ordinal_order()
    {
        foreach (var name in new[] { "runs/b/x", "runs/a/steps/000002/p", "runs/a/steps/000001/p", "runs/a/steps/000001/B", "runs/a/spec.json", "runs/ab/y" })
            await WriteAsync(new BlobName(name), "");
        Assert.Equal(["runs/a/spec.json", "runs/a/steps/000001/B", "runs/a/steps/000001/p", "runs/a/steps/000002/p"], await ListAsync("runs/a/"));
        Assert.Equal(["runs/a/steps/000001/p"], await ListAsync("runs/a/steps/000001/p"));
        Assert.Equal(6, (await ListAsync("runs/")).Count);
        Assert.Equal(5, (await ListAsync("runs/a")).Count);
        Assert.Empty(await ListAsync("runs/none/"));
    }

    [Fact]
    public async Task Folders_directly_below_a_prefix_are_listed_once_each()
    {
        foreach (var name in new[] { "runs/b/x", "runs/a/steps/000002/p", "runs/a/steps/000001/p", "runs/a/spec.json", "runs/a-b/y", "runs/file" })
            await WriteAsync(new BlobName(name), "");
        Assert.Equal(["a-b", "a", "b"], await FoldersAsync("runs/"));
        Assert.Equal(["000001", "000002"], await FoldersAsync("runs/a/steps/"));
        Assert.Empty(await FoldersAsync("runs/none/"));
        Assert.Empty(await FoldersAsync("runs/b/"));
    }

    [Fact]
    public async Task A_deleted_blob_is_gone_and_can_be_made_again()
    {
        await WriteAsync(Name, "one");
        await Store.DeleteAsync(Name, Token);
        Assert.False(await Store.ExistsAsync(Name, Token));
        Assert.True(await WriteAsync(Name, "two"));
        Assert.Equal("two", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_reader_keeps_what_it_opened_while_the_blob_is_swapped()
    {
        var tag = await Store.ReplaceAsync(Name, Bytes("old"), null, Token);
        await using var reader = await Store.OpenReadAsync(Name, Token);
        await Store.ReplaceAsync(Name, Bytes("new"), tag, Token);
        Assert.Equal("old", await new StreamReader(reader!).ReadToEndAsync(Token));
    }

    [Fact]
    public async Task The_writer_s_own_exception_comes_through_after_any_amount_of_data()
    {
        var failure = new InvalidOperationException("the writer's own");
        var seen = await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateAsync(Name, async (output, token) =>
        {
            await output.WriteAsync(new byte[300_000], token);
            throw failure;
        }, Token));
        Assert.Same(failure, seen);
        Assert.Empty(await ListAsync(""));
        Assert.True(await WriteAsync(Name, "again"));
        Assert.Equal("again", await ReadAsync(Name));
    }

    [Fact]
    public async Task A_cancelled_creation_leaves_nothing()
    {
        using var ended = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CreateAsync(Name, async (output, token) =>
        {
            await output.WriteAsync(new byte[10], token);
            await ended.CancelAsync();
            token.ThrowIfCancellationRequested();
        }, ended.Token));
        Assert.False(await Store.ExistsAsync(Name, Token));
    }

    [Fact]
    public async Task Of_many_creators_of_large_blobs_one_wins_and_its_content_is_whole()
    {
        const int Length = 400_000;
        var won = await Task.WhenAll(Enumerable.Range(1, 16).Select(creator => Task.Run(async () =>
        {
            var content = new byte[Length];
            Array.Fill(content, (byte)creator);
            var created = await Store.CreateAsync(Name, async (output, token) =>
            {
                foreach (var part in content.Chunk(50_000)) await output.WriteAsync(part, token);
            }, Token);
            return created ? creator : 0;
        }, Token)));
        var winner = Assert.Single(won, creator => creator > 0);
        var stored = (await Store.ReadAsync(Name, Token))!.Content.ToArray();
        Assert.Equal(Length, stored.Length);
        Assert.Equal([(byte)winner], stored.Distinct());
    }

    [Fact]
    public async Task A_large_blob_comes_back_byte_for_byte_through_parts_of_any_size()
    {
        var content = new byte[3_000_001];
        for (var i = 0; i < content.Length; i++) content[i] = (byte)(i * 2_654_435_761L >> 13);
        Assert.True(await Store.CreateAsync(Name, async (output, token) =>
        {
            for (int at = 0, size = 1; at < content.Length; at += size, size *= 3)
            {
                size = Math.Min(size, content.Length - at);
                if (at % 2 == 0) await output.WriteAsync(content.AsMemory(at, size), token);
                else output.Write(content, at, size);
            }
            await output.FlushAsync(token);
        }, Token));
        await using var stored = await Store.OpenReadAsync(Name, Token);
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stored!, Token));
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        Assert.True(await Store.CreateAsync(Name, (_, _) => Task.CompletedTask, Token));
        Assert.True(await Store.ExistsAsync(Name, Token));
        Assert.Equal("", await ReadAsync(Name));
    }

    /// <summary>Random operations, the same in each run, against a dictionary.</summary>
    [Fact]
    public async Task The_store_behaves_as_a_dictionary_does()
    {
        var model = new StoreModel(Store);
        for (ulong step = 0; step < 80; step++)
            await model.StepAsync((int)(Seeds.For(1, $"kind {step}") % 5), new BlobName($"model/{Seeds.For(1, $"name {step}") % 4}"), $"value {step}", Token);
        Assert.Equal(model.Names, await ListAsync("model/"));
    }

    protected Task<bool> WriteAsync(BlobName name, string text) =>
        Store.CreateAsync(name, (output, token) => output.WriteAsync(Bytes(text), token).AsTask(), Token);

    protected async Task<string> ReadAsync(BlobName name) => Encoding.UTF8.GetString((await Store.ReadAsync(name, Token))!.Content.Span);

    protected async Task<List<string>> ListAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var name in Store.ListAsync(prefix, Token)) names.Add(name.Value);
        return names;
    }

    private async Task<List<string>> FoldersAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var name in Store.ListFoldersAsync(prefix, Token)) names.Add(name);
        return names;
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Creators on threads of their own that all have their content written before the first of them ends.</summary>
    private async Task<(int Creator, bool Created)[]> RaceAsync(BlobName name, int creators)
    {
        using var all = new Barrier(creators);
        return await Task.WhenAll(Enumerable.Range(0, creators).Select(creator => Task.Factory.StartNew(() =>
        {
            var creating = Store.CreateAsync(name, (output, _) =>
            {
                output.Write(Bytes($"content of {creator}"));
                all.SignalAndWait(Token);
                return Task.CompletedTask;
            }, Token);
            return (creator, creating.GetAwaiter().GetResult());
        }, Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    private async Task IncrementAsync()
    {
        while (true)
        {
            var blob = (await Store.ReadAsync(Name, Token))!;
            var next = int.Parse(Encoding.UTF8.GetString(blob.Content.Span), System.Globalization.CultureInfo.InvariantCulture) + 1;
            if (await Store.ReplaceAsync(Name, Bytes($"{next}"), blob.ETag, Token) is not null) return;
        }
    }
}
