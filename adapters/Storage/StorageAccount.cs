using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>Opens the store and the queues of one storage account. Thread-safe; one per process.</summary>
/// <param name="options">Valid options.</param>
/// <param name="credential">Replaces the identity of the process.</param>
public sealed class StorageAccount(StorageOptions options, TimeProvider time, TokenCredential? credential = null) : IDisposable
{
    private const string DeadLetterSuffix = "-poison";
    /// <summary>Azurite ends a connection after 5 s without a request; one that is reused just then fails.</summary>
    private static readonly TimeSpan LoopbackIdle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RemoteIdle = TimeSpan.FromMinutes(1);
    /// <summary>New connections see moved addresses.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        PooledConnectionIdleTimeout = IsLoopback(options) ? LoopbackIdle : RemoteIdle,
        PooledConnectionLifetime = ConnectionLifetime,
        AutomaticDecompression = DecompressionMethods.None,
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    private readonly TokenCredential? _credential = options.ConnectionString is { Length: > 0 } ? null : credential ?? ProcessIdentity(options);

    /// <summary>The store in the account's container, which is made when it is missing.</summary>
    /// <exception cref="Core.Ports.StoreException">The account cannot be reached or refuses.</exception>
    public async Task<BlobRunStore> OpenStoreAsync(CancellationToken cancellation)
    {
        var container = Container();
        try
        {
            // To see that it is there takes fewer rights than to make it.
            if (!await container.ExistsAsync(cancellation)) await container.CreateIfNotExistsAsync(cancellationToken: cancellation);
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Store(error, container.Uri.ToString());
        }
        return new BlobRunStore(container, options.BlockBytes);
    }

    /// <summary>A queue and its dead-letter queue, made when they are missing.</summary>
    /// <exception cref="Core.Ports.QueueException">The account cannot be reached or refuses.</exception>
    public async Task<StorageQueue> OpenQueueAsync(string name, StorageQueueOptions queueOptions, CancellationToken cancellation, QueueBell? bell = null)
    {
        var (queue, deadLetters) = (Queue(name), Queue(name + DeadLetterSuffix));
        try
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellation);
            await deadLetters.CreateIfNotExistsAsync(cancellationToken: cancellation);
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Queue(error, queue.Uri.ToString());
        }
        return new StorageQueue(queue, deadLetters, queueOptions, time, bell);
    }

    public void Dispose() => _http.Dispose();

    private BlobContainerClient Container()
    {
        var client = Configure(new BlobClientOptions());
        return _credential is null
            ? new BlobContainerClient(options.ConnectionString, options.Container, client)
            : new BlobContainerClient(new Uri($"https://{options.AccountName}.blob.{options.EndpointSuffix}/{options.Container}"), _credential, client);
    }

    private QueueClient Queue(string name)
    {
        var client = Configure(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        return _credential is null
            ? new QueueClient(options.ConnectionString, name, client)
            : new QueueClient(new Uri($"https://{options.AccountName}.queue.{options.EndpointSuffix}/{name}"), _credential, client);
    }

    private TOptions Configure<TOptions>(TOptions client) where TOptions : ClientOptions
    {
        client.Transport = new HttpClientTransport(_http);
        client.Retry.Mode = RetryMode.Exponential;
        client.Retry.MaxRetries = options.MaxRetries;
        client.Retry.Delay = options.RetryDelay;
        client.Retry.NetworkTimeout = options.NetworkTimeout;
        client.Diagnostics.IsTelemetryEnabled = false;
        return client;
    }

    private static bool IsLoopback(StorageOptions options) =>
        options.ConnectionString is { } text
        && (text.Contains("127.0.0.1", StringComparison.Ordinal) || text.Contains("localhost", StringComparison.OrdinalIgnoreCase)
            || text.Contains("UseDevelopmentStorage=true", StringComparison.OrdinalIgnoreCase));

    private static DefaultAzureCredential ProcessIdentity(StorageOptions options) =>
        new(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ManagedIdentityClientId, ExcludeInteractiveBrowserCredential = true });
}
