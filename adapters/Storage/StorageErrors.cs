using Azure;
using Azure.Identity;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>Failures of the storage service in words: the place and the cure.</summary>
internal static class StorageErrors
{
    private const int NeverReached = 0;

    /// <summary>True for what the service, the network or the identity did; false for the caller's own cancellation and for defects.</summary>
    public static bool IsStorageError(Exception error, CancellationToken cancellation) => error switch
    {
        RequestFailedException or AuthenticationFailedException or IOException or HttpRequestException => true,
        AggregateException many => many.InnerExceptions.All(inner => IsStorageError(inner, cancellation)),
        OperationCanceledException => !cancellation.IsCancellationRequested,
        _ => false,
    };

    public static StoreException Store(Exception error, string place) => new(Explain(error, place, "Storage Blob Data Contributor"), error);

    public static QueueException Queue(Exception error, string place) => new(Explain(error, place, "Storage Queue Data Contributor"), error);

    private static string Explain(Exception error, string place, string role) => error switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Explain(last, place, role),
        AuthenticationFailedException => $"no identity to open '{place}' with: run where a managed identity is assigned, log in with 'az login', or set ConnectionString ({FirstLine(error)})",
        RequestFailedException { Status: NeverReached } => Unreachable(error, place),
        RequestFailedException { Status: 401 or 403 } refused => $"'{place}' refused the request ({refused.ErrorCode}): give the identity the role '{role}', or check the key in ConnectionString and the clock of this machine",
        RequestFailedException { Status: 404 } missing => $"'{place}' is not there ({missing.ErrorCode}): is the account's name right, and was its container or queue deleted?",
        RequestFailedException { Status: 413 } => $"'{place}' did not take so much data at once: lower BlockBytes",
        RequestFailedException { Status: 429 or 500 or 503 } busy => $"'{place}' is too busy ({busy.ErrorCode}) after every retry: try again later, or raise MaxRetries",
        RequestFailedException other => $"'{place}' answered {other.Status} {other.ErrorCode}: {FirstLine(other)}",
        _ => Unreachable(error, place),
    };

    private static string Unreachable(Exception error, string place) =>
        $"'{place}' cannot be reached: is the account's name right, the network up, or Azurite running? ({FirstLine(error)})";

    private static string FirstLine(Exception error) => error.Message.Split('\n')[0].Trim();
}
