using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Adapters.Tests.Brokers;

[assembly: AssemblyFixture(typeof(AzuriteServer))]

namespace KnapsackCloud.Adapters.Tests.Azurite;

/// <summary>One Azurite for all tests of a run, started by the first that asks.</summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private const int StartTries = 3;
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(60);
    private readonly Lazy<Task<string>> _connection;
    private ServerProcess? _server;

    public AzuriteServer() => _connection = new Lazy<Task<string>>(StartAsync);

    /// <summary>Options for the account. Skips the test, with the reason, where Azurite cannot be had.</summary>
    public async Task<StorageOptions> OptionsAsync()
    {
        try
        {
            return new StorageOptions { ConnectionString = await _connection.Value, MaxRetries = 3 };
        }
        catch (NotAtHandException reason)
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
        var folder = await AzuriteInstall.FolderAsync(CancellationToken.None);
        for (var tries = 1; ; tries++)
        {
            var ports = LoopbackPorts.Free(3);
            var server = new ServerProcess("node", Arguments(folder, ports), new Dictionary<string, string>(), folder);
            if (await server.AnswersAsync(ports, TimeToStart, CancellationToken.None))
            {
                _server = server;
                return ConnectionString(ports[0], ports[1]);
            }
            var output = server.Output;
            await server.DisposeAsync();
            if (tries == StartTries) throw new InvalidOperationException($"Azurite ended while it was starting:\n{output}");
        }
    }

    /// <summary>The API version check is off because the SDK asks for a newer version than Azurite knows.</summary>
    private static string[] Arguments(string folder, int[] ports) =>
    [
        Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js"),
        "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence",
        "--blobHost", "127.0.0.1", "--blobPort", $"{ports[0]}",
        "--queueHost", "127.0.0.1", "--queuePort", $"{ports[1]}",
        "--tableHost", "127.0.0.1", "--tablePort", $"{ports[2]}",
    ];

    private static string ConnectionString(int blobPort, int queuePort) =>
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AccountKey};"
        + $"BlobEndpoint=http://127.0.0.1:{blobPort}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{queuePort}/devstoreaccount1;";
}

/// <summary>A server that some tests need is not at hand here; the message says what is missing.</summary>
public sealed class NotAtHandException(string message) : Exception(message);
