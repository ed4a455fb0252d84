using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A queue that loses some messages, doubles others and delivers them in any order, by a schedule drawn from a seed.</summary>
internal sealed class ChaosQueue(IWorkQueue inner, ulong seed) : IWorkQueue
{
    private CounterRandom _random = new(seed);

    public string Name => inner.Name;

    public async Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation)
    {
        var copies = _random.Next(10) switch { < 2 => 0, < 5 => 2, _ => 1 };
        for (var copy = 0; copy < copies; copy++)
            await inner.SendAsync(body, $"{id}/{copy}", TimeSpan.FromSeconds(_random.Next(300)), cancellation);
    }

    public Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation) => inner.ReceiveAsync(duration, cancellation);
}
