using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Tests.Messaging;

/// <summary>One message, and a record of what was done with it.</summary>
internal sealed class FakeQueue(ReadOnlyMemory<byte> body, int attempt = 1) : IWorkQueue, ILease
{
    private bool _taken;

    public List<string> Settled { get; } = [];
    public int Renewals { get; private set; }
    public Func<bool> Renew { get; set; } = () => true;
    public Func<Task> OnComplete { get; set; } = () => Task.CompletedTask;

    public string Name => "test";
    public ReadOnlyMemory<byte> Body => body;
    public string MessageId => "m";
    public int Attempt => attempt;

    public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) => Task.CompletedTask;

    public Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        if (_taken) return Task.FromResult<ILease?>(null);
        _taken = true;
        return Task.FromResult<ILease?>(this);
    }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        await OnComplete();
        Settled.Add("completed");
    }

    public Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation) => Note($"snoozed {delay}");
    public Task AbandonAsync(CancellationToken cancellation) => Note("abandoned");
    public Task RejectAsync(string reason, CancellationToken cancellation) => Note($"rejected: {reason}");

    public Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation)
    {
        Renewals++;
        return Task.FromResult(Renew());
    }

    private Task Note(string text)
    {
        Settled.Add(text);
        return Task.CompletedTask;
    }
}
