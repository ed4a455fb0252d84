using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Hosting;

/// <summary>The store and the five queues that the hosts of one deployment share. One per process; dispose it after the host.</summary>
/// <param name="store">Where runs are kept.</param>
/// <param name="queues">By name, each of <see cref="QueueNames.All"/>.</param>
/// <param name="owned">Disposed with it, the last one first.</param>
public sealed class Backplane(IRunStore store, IReadOnlyDictionary<string, IWorkQueue> queues, params IReadOnlyList<object> owned) : IAsyncDisposable
{
    /// <summary>Deliveries after which a queue gives up by itself, beyond those of the pump, which leaves a visible end.</summary>
    private const int SpareDeliveries = 5;

    public IRunStore Store { get; } = store;

    public IReadOnlyDictionary<string, IWorkQueue> Queues { get; } = queues;

    /// <summary>Opens what the options name; containers and storage queues are made when they are missing, queues of Service Bus have to be there.</summary>
    /// <param name="options">From <see cref="KnapsackOptions.Read"/>.</param>
    /// <exception cref="StoreException">The store cannot be reached or refuses.</exception>
    /// <exception cref="QueueException">A queue cannot be reached or refuses.</exception>
    public static async Task<Backplane> OpenAsync(KnapsackOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if (options.Store == StoreKind.Embedded) return Embedded(options, time);
        var account = new StorageAccount(options.Storage!, time);
        try
        {
            var store = await account.OpenStoreAsync(cancellation);
            if (options.ServiceBus is null) return await OnStorageAsync(store, account, options, cancellation);
            options.ServiceBus.MaxDeliveries = Math.Max(options.ServiceBus.MaxDeliveries, options.Pump.MaxAttempts + SpareDeliveries);
            var bus = new ServiceBusNamespace(options.ServiceBus, time);
            return new Backplane(store, QueueNames.All.ToDictionary(name => name, bus.Queue), account, bus);
        }
        catch
        {
            account.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var item in owned.Reverse())
        {
            if (item is IAsyncDisposable later) await later.DisposeAsync();
            else (item as IDisposable)?.Dispose();
        }
    }

    private static Backplane Embedded(KnapsackOptions options, TimeProvider time)
    {
        var store = new FolderRunStore(options.Folder, time);
        var queueOptions = new MemoryQueueOptions { MaxDeliveries = options.Pump.MaxAttempts + SpareDeliveries };
        return new Backplane(store, QueueNames.All.ToDictionary(name => name, name => (IWorkQueue)new MemoryQueue(name, time, queueOptions)), store);
    }

    private static async Task<Backplane> OnStorageAsync(IRunStore store, StorageAccount account, KnapsackOptions options, CancellationToken cancellation)
    {
        options.StorageQueue.MaxDeliveries = Math.Max(options.StorageQueue.MaxDeliveries, options.Pump.MaxAttempts + SpareDeliveries);
        var bells = options.StorageQueue.Bells is { Length: > 0 } folder ? new QueueBells(folder) : null;
        var queues = new Dictionary<string, IWorkQueue>();
        try
        {
            foreach (var name in QueueNames.All) queues[name] = await account.OpenQueueAsync(name, options.StorageQueue, cancellation, bells?.Of(name));
        }
        catch
        {
            bells?.Dispose();
            throw;
        }
        return new Backplane(store, queues, bells is null ? [account] : [account, bells]);
    }
}
