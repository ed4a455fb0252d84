using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Pipeline.Tests;

public class WatchdogSweepTests
{
    private static readonly WatchdogOptions Options = new() { Patience = TimeSpan.FromMinutes(6), LongestPatience = TimeSpan.FromMinutes(20) };
    private readonly StoredRun _stored = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private WatchdogSweep NewSweep() => new(_stored.Blobs, _stored.Catalog, _stored, _stored.Time, Options);

    [Fact]
    public async Task A_message_that_stays_due_is_sent_again_ever_more_rarely()
    {
        var run = await _stored.StartAsync(Samples.Spec);
        var sweep = NewSweep();
        var minutes = new List<int>();
        for (var minute = 0; minute <= 70; minute++)
        {
            if (await sweep.SweepAsync(Token) is [LearnRequested { Step: 0 } message] && message.Run == run) minutes.Add(minute);
            _stored.Time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal([6, 18, 38, 58], minutes);
    }

    [Fact]
    public async Task A_run_that_moves_is_left_alone()
    {
        var run = await _stored.StartAsync(Samples.Spec);
        var sweep = NewSweep();
        for (var minute = 0; minute < 30; minute++)
        {
            Assert.Empty(await sweep.SweepAsync(Token));
            _stored.Time.Advance(TimeSpan.FromMinutes(1));
            if (minute % 5 == 0) await _stored.UpdateAsync(run, status => status);
        }
    }

    [Fact]
    public async Task A_paused_run_gets_nothing_and_a_resumed_one_waits_anew()
    {
        var run = await _stored.StartAsync(Samples.Spec);
        var sweep = NewSweep();
        await sweep.SweepAsync(Token);
        await _stored.UpdateAsync(run, status => status with { State = RunState.Paused });
        _stored.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await sweep.SweepAsync(Token));
        await _stored.UpdateAsync(run, status => status with { State = RunState.Running });
        Assert.Empty(await sweep.SweepAsync(Token));
        _stored.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Single(await sweep.SweepAsync(Token));
    }

    [Fact]
    public async Task One_run_that_cannot_be_read_does_not_keep_the_others_waiting()
    {
        var broken = await _stored.StartAtStepOneAsync();
        await _stored.Store.DeleteAsync(BlobNames.Plan(broken, 1), Token);
        await _stored.Store.CreateAsync(BlobNames.Plan(broken, 1), (output, token) => output.WriteAsync("not json"u8.ToArray(), token).AsTask(), Token);
        var good = await _stored.StartAsync(Samples.Spec);
        _stored.Sent.Clear();
        var sweep = NewSweep();
        await Assert.ThrowsAsync<InvalidDataException>(() => sweep.SweepAsync(Token));
        _stored.Time.Advance(TimeSpan.FromMinutes(6));
        await Assert.ThrowsAsync<InvalidDataException>(() => sweep.SweepAsync(Token));
        Assert.Equal([new LearnRequested(good, 0)], _stored.Sent);
    }

    [Fact]
    public async Task A_run_whose_status_is_damaged_is_named_and_keeps_neither_the_others_waiting_nor_out_of_the_list()
    {
        var good = await _stored.StartAsync(Samples.Spec);
        _stored.Time.Advance(TimeSpan.FromSeconds(1));
        var damaged = await _stored.StartAsync(Samples.Spec);
        _stored.Time.Advance(TimeSpan.FromSeconds(1));
        var newest = await _stored.StartAsync(Samples.Spec);
        var before = (await _stored.Store.ReadAsync(BlobNames.Status(damaged), Token))!;
        await _stored.Store.ReplaceAsync(BlobNames.Status(damaged), "{"u8.ToArray(), before.ETag, Token);
        _stored.Sent.Clear();

        var first = await _stored.Catalog.ReadPageAsync(null, 1, Token);
        var rest = await _stored.Catalog.ReadPageAsync(newest, 7, Token);
        Assert.Equal([newest, good], first.Runs.Concat(rest.Runs).Select(status => status.Id));
        Assert.Contains(damaged.Value, Assert.Single(rest.Unreadable).Message, StringComparison.Ordinal);

        var sweep = NewSweep();
        await Assert.ThrowsAsync<InvalidDataException>(() => sweep.SweepAsync(Token));
        _stored.Time.Advance(TimeSpan.FromMinutes(6));
        var reported = await Assert.ThrowsAsync<InvalidDataException>(() => sweep.SweepAsync(Token));
        Assert.Contains(damaged.Value, reported.Message, StringComparison.Ordinal);
        Assert.Equal([new LearnRequested(newest, 0), new LearnRequested(good, 0)], _stored.Sent);
    }

    [Fact]
    public async Task Runs_are_listed_by_their_start_and_paged_without_gaps()
    {
        var started = new List<RunId>();
        for (var i = 0; i < 40; i++)
        {
            // Names in an order of their own, three runs a second.
            started.Add(await _stored.StartAsync(Samples.Spec with { Name = $"n{i * 7 % 10}" }));
            if (i % 3 == 2) _stored.Time.Advance(TimeSpan.FromSeconds(1));
        }
        var seen = new List<RunId>();
        RunId? last = null;
        while ((await _stored.Catalog.ReadPageAsync(last, 7, Token)).Runs is { Count: > 0 } page)
        {
            Assert.True(page.Count <= 7);
            seen.AddRange(page.Select(status => status.Id));
            last = seen[^1];
        }
        Assert.Equal(started.Order(Comparer<RunId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value))), seen.Order(Comparer<RunId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value))));
        var seconds = seen.Select(id => started.IndexOf(id) / 3).ToList();
        Assert.Equal(seconds.OrderDescending(), seconds);
        Assert.Empty((await _stored.Catalog.ReadPageAsync(RunId.Parse("none"), 7, Token)).Runs);
    }
}
