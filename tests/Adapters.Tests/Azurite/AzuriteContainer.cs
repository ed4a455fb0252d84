using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Adapters.Tests.Azurite;

/// <summary>Azurite in a container of its own, on ports that Docker chooses.</summary>
internal sealed class AzuriteContainer : IAsyncDisposable
{
    /// <summary>The version of the lock file that npm installs from.</summary>
    private const string Image = "mcr.microsoft.com/azure-storage/azurite:3.37.0";
    private const int BlobPort = 10000;
    private const int QueuePort = 10001;
    private readonly IContainer _container;

    private AzuriteContainer(IContainer container) => _container = container;

    public string ConnectionString => AzuriteProcess.Connection(_container.GetMappedPublicPort(BlobPort), _container.GetMappedPublicPort(QueuePort));

    /// <summary>Null where no Docker daemon answers, or it cannot get the image; why, stderr says.</summary>
    public static async Task<AzuriteContainer?> TryStartAsync()
    {
        try
        {
            // The API version check is off because the SDK asks for a newer version than Azurite knows.
            var container = new ContainerBuilder(Image)
                .WithCommand("azurite", "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence", "--blobHost", "0.0.0.0", "--queueHost", "0.0.0.0", "--tableHost", "0.0.0.0")
                .WithPortBinding(BlobPort, assignRandomHostPort: true)
                .WithPortBinding(QueuePort, assignRandomHostPort: true)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilExternalTcpPortIsAvailable(BlobPort).UntilExternalTcpPortIsAvailable(QueuePort))
                .Build();
            await container.StartAsync();
            return new AzuriteContainer(container);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            await Console.Error.WriteLineAsync($"Azurite runs from npm, not in a container: {error.Message.Split('\n')[0]}");
            return null;
        }
    }

    public ValueTask DisposeAsync() => _container.DisposeAsync();
}
