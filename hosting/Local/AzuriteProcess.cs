namespace KnapsackCloud.Hosting.Local;

/// <summary>Azurite on free ports of the loopback address, until it is disposed or this process ends.</summary>
public sealed class AzuriteProcess : IAsyncDisposable
{
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private const int StartTries = 3;
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(60);

    private AzuriteProcess(ServerProcess server, string connectionString) => (Server, ConnectionString) = (server, connectionString);

    public ServerProcess Server { get; }

    /// <summary>With the emulator's well-known key, which opens nothing else.</summary>
    public string ConnectionString { get; }

    /// <param name="location">Folder that keeps what is stored; null for memory.</param>
    /// <param name="log">Takes every line that it writes.</param>
    /// <exception cref="HostRefusedException">There is no node or npm, or it could not be installed.</exception>
    /// <exception cref="InvalidOperationException">It ended while it was starting.</exception>
    public static async Task<AzuriteProcess> StartAsync(string? location, Action<string>? log, CancellationToken cancellation)
    {
        var folder = await AzuriteInstall.FolderAsync(cancellation);
        for (var tries = 1; ; tries++)
        {
            // Free just now: somebody may take one first.
            var ports = LoopbackPorts.Free(3);
            var server = new ServerProcess("node", Arguments(folder, location, ports), new Dictionary<string, string>(), folder, log);
            try
            {
                if (await server.AnswersAsync(ports, TimeToStart, cancellation)) return new AzuriteProcess(server, Connection(ports[0], ports[1]));
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }

            var output = server.Output;
            await server.DisposeAsync();
            if (tries == StartTries) throw new InvalidOperationException($"Azurite ended while it was starting:\n{output}");
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>The API version check is off because the SDK asks for a newer version than Azurite knows.</summary>
    private static IEnumerable<string> Arguments(string folder, string? location, int[] ports) =>
    [
        Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js"),
        "--silent", "--disableTelemetry", "--skipApiVersionCheck",
        .. location is null ? (string[])["--inMemoryPersistence"] : ["--location", location],
        "--blobHost", "127.0.0.1", "--blobPort", $"{ports[0]}",
        "--queueHost", "127.0.0.1", "--queuePort", $"{ports[1]}",
        "--tableHost", "127.0.0.1", "--tablePort", $"{ports[2]}",
    ];

    /// <summary>Of an emulator on these ports of the loopback address.</summary>
    public static string Connection(int blobPort, int queuePort) =>
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AccountKey};"
        + $"BlobEndpoint=http://127.0.0.1:{blobPort}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{queuePort}/devstoreaccount1;";
}
