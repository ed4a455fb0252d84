using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Local;

[assembly: AssemblyFixture(typeof(AzuriteServer))]

namespace KnapsackCloud.Adapters.Tests.Azurite;

/// <summary>One Azurite for all tests of a run, started by the first that asks: a container where a Docker daemon answers, else from npm.</summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    private readonly Lazy<Task<string>> _connection;
    private IAsyncDisposable? _server;

    public AzuriteServer() => _connection = new Lazy<Task<string>>(StartAsync);

    /// <summary>Options for the account. Skips the test, with the reason, where Azurite cannot be had.</summary>
    public async Task<StorageOptions> OptionsAsync()
    {
        try
        {
            return new StorageOptions { ConnectionString = await _connection.Value, MaxRetries = 3 };
        }
        catch (HostRefusedException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    private async Task<string> StartAsync()
    {
        if (await AzuriteContainer.TryStartAsync() is { } container)
        {
            _server = container;
            return container.ConnectionString;
        }

        var process = await AzuriteProcess.StartAsync(location: null, log: null, CancellationToken.None);
        _server = process;
        return process.ConnectionString;
    }
}

/// <summary>A server that some tests need is not at hand here; the message says what is missing.</summary>
public sealed class NotAtHandException(string message) : Exception(message);
