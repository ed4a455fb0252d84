using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Core.Tests.Messaging;

public class MessagePumpTests
{
    private static readonly PlanRequest Message = new(RunId.Parse("r"), 3);
    private readonly FakeTimeProvider _time = new();
    private readonly Handler _handler = new();
    private readonly PumpOptions _options = new() { Lease = TimeSpan.FromSeconds(30), MaxAttempts = 3, RetryDelay = TimeSpan.Zero };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_that_is_done_completes_its_message()
    {
        Assert.Equal(["completed"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message))));
        Assert.Equal(Message, _handler.Handled);
    }

    [Fact]
    public async Task An_empty_queue_is_no_work()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message));
        await queue.ReceiveAsync(_options.Lease, Token);
        Assert.False(await Pump(queue).PumpOneAsync(Token, Token));
    }

    [Fact]
    public async Task Outcomes_are_settled_as_they_say()
    {
        _handler.Work = _ => Task.FromResult<WorkOutcome>(new WorkOutcome.Snoozed(TimeSpan.FromSeconds(7)));
        Assert.Equal(["snoozed 00:00:07"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message))));
        _handler.Work = _ => Task.FromResult<WorkOutcome>(new WorkOutcome.Rejected("not ours"));
        Assert.Equal(["rejected: not ours"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message))));
    }

    [Theory]
    [InlineData("{", "not a PlanRequest")]
    [InlineData("null", "the message is empty")]
    [InlineData("""{"format":2,"run":"r","step":1}""", "message format 2 is not known here")]
    [InlineData("""{"format":1,"run":"../r","step":1}""", "not a run id")]
    [InlineData("""{"format":1,"run":7,"step":1}""", "not a PlanRequest")]
    [InlineData("""{"format":1,"step":1}""", "not a PlanRequest")]
    [InlineData("""{"format":1,"run":"r","step":1,"extra":0}""", "not a PlanRequest")]
    public async Task A_message_that_cannot_be_read_is_rejected_with_the_problem(string body, string problem)
    {
        var settled = await PumpAsync(new FakeQueue(Encoding.UTF8.GetBytes(body)));
        Assert.Contains(problem, Assert.Single(settled), StringComparison.Ordinal);
        Assert.Null(_handler.Handled);
    }

    [Fact]
    public async Task An_exception_abandons_and_the_last_attempt_is_given_up()
    {
        _handler.Work = _ => throw new InvalidOperationException("broke");
        Assert.Equal(["abandoned"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message), attempt: 2)));
        Assert.Null(_handler.GivenUp);
        Assert.Equal(["rejected: broke"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message), attempt: 3)));
        Assert.Equal("broke", _handler.GivenUp!.Message);
    }

    [Fact]
    public async Task Wrong_input_is_given_up_at_once()
    {
        _handler.Work = _ => throw new InvalidInputException("x", "is wrong");
        Assert.Equal(["rejected: x: is wrong"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message))));
        Assert.NotNull(_handler.GivenUp);
    }

    [Fact]
    public async Task A_message_whose_attempts_all_vanished_is_given_up_without_another()
    {
        await PumpAsync(new FakeQueue(MessageJson.Encode(Message), attempt: 4));
        Assert.Null(_handler.Handled);
        Assert.IsType<TimeoutException>(_handler.GivenUp);
    }

    [Fact]
    public async Task A_long_work_keeps_its_lease_renewed()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message));
        var done = new TaskCompletionSource<WorkOutcome>();
        _handler.Work = _ => done.Task;
        var pumping = Pump(queue).PumpOneAsync(Token, Token);
        for (var third = 1; third <= 5; third++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Until(() => queue.Renewals == third);
        }
        done.SetResult(WorkOutcome.Done);
        await pumping;
        Assert.Equal(["completed"], queue.Settled);
    }

    [Fact]
    public async Task Losing_the_lease_cancels_the_work_and_settles_nothing()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message)) { Renew = () => false };
        _handler.Work = async token => { await Task.Delay(Timeout.Infinite, token); return WorkOutcome.Done; };
        var pumping = Pump(queue).PumpOneAsync(Token, Token);
        _time.Advance(TimeSpan.FromSeconds(10));
        await pumping;
        Assert.Empty(queue.Settled);
    }

    [Fact]
    public async Task A_renewal_that_fails_on_the_way_is_tried_again()
    {
        var failures = 1;
        var queue = new FakeQueue(MessageJson.Encode(Message)) { Renew = () => failures-- > 0 ? throw new IOException("connection lost") : true };
        var done = new TaskCompletionSource<WorkOutcome>();
        _handler.Work = _ => done.Task;
        var pumping = Pump(queue).PumpOneAsync(Token, Token);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Until(() => queue.Renewals == 1);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Until(() => queue.Renewals == 2);
        done.SetResult(WorkOutcome.Done);
        await pumping;
        Assert.Equal(["completed"], queue.Settled);
    }

    [Fact]
    public async Task An_aborted_work_gives_its_message_back_without_using_an_attempt()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message));
        using var abort = new CancellationTokenSource();
        _handler.Work = async token => { await Task.Delay(Timeout.Infinite, token); return WorkOutcome.Done; };
        var pumping = Pump(queue).PumpOneAsync(Token, abort.Token);
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pumping);
        Assert.Equal(["snoozed 00:00:00"], queue.Settled);
    }

    [Fact]
    public async Task Being_stopped_lets_the_work_in_hand_come_to_its_end()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message));
        using var stop = new CancellationTokenSource();
        var done = new TaskCompletionSource<WorkOutcome>();
        _handler.Work = _ => done.Task;
        var pumping = Pump(queue).RunAsync(stop.Token, CancellationToken.None);
        await stop.CancelAsync();
        done.SetResult(WorkOutcome.Done);
        await pumping;
        Assert.Equal(["completed"], queue.Settled);
    }

    [Fact]
    public async Task A_timeout_inside_the_work_is_a_failed_attempt_and_no_stop()
    {
        _handler.Work = _ => throw new TaskCanceledException("the request timed out");
        Assert.Equal(["abandoned"], await PumpAsync(new FakeQueue(MessageJson.Encode(Message))));
    }

    [Fact]
    public async Task A_settlement_that_fails_is_not_a_failed_attempt()
    {
        var queue = new FakeQueue(MessageJson.Encode(Message), attempt: 3) { OnComplete = () => throw new IOException("connection lost") };
        await Assert.ThrowsAsync<SettlementException>(() => Pump(queue).PumpOneAsync(Token, Token));
        Assert.Null(_handler.GivenUp);
    }

    private MessagePump<PlanRequest> Pump(FakeQueue queue) => new(queue, _handler, _options, _time, new Silent());

    private async Task<List<string>> PumpAsync(FakeQueue queue)
    {
        Assert.True(await Pump(queue).PumpOneAsync(Token, Token));
        return queue.Settled;
    }

    /// <summary>Continuations of a fake clock's timers run on the pool: gives them the time they need.</summary>
    private static async Task Until(Func<bool> condition)
    {
        while (!condition()) await Task.Yield();
    }

    private sealed class Silent : IPumpObserver;

    private sealed class Handler : IWorkHandler<PlanRequest>
    {
        public Func<CancellationToken, Task<WorkOutcome>> Work { get; set; } = _ => Task.FromResult(WorkOutcome.Done);
        public PlanRequest? Handled { get; private set; }
        public Exception? GivenUp { get; private set; }

        public Task<WorkOutcome> HandleAsync(PlanRequest message, CancellationToken cancellation)
        {
            Handled = message;
            return Work(cancellation);
        }

        public Task GiveUpAsync(PlanRequest message, Exception error, CancellationToken cancellation)
        {
            GivenUp = error;
            return Task.CompletedTask;
        }
    }
}
