using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Azure.Identity;
using KnapsackCloud.Core.Ports;
using Polly.CircuitBreaker;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Failures of broker, network and identity: which pass by themselves, and all of them in words with place and cure.</summary>
internal static class BusErrors
{
    private static readonly HashSet<string> Lasting =
    [
        ErrorCode.UnauthorizedAccess, ErrorCode.NotFound, ErrorCode.NotAllowed, ErrorCode.NotImplemented, ErrorCode.InvalidField,
        ErrorCode.MessageSizeExceeded, ErrorCode.ResourceLimitExceeded, ErrorCode.DecodeError, "com.microsoft:entity-disabled",
    ];

    /// <summary>True for what another try may mend: lost connections, closed links, a busy or slow broker.</summary>
    public static bool IsPassing(Exception error) => error switch
    {
        AmqpException amqp => !Lasting.Contains(Condition(amqp)),
        SocketException or IOException or TimeoutException or ObjectDisposedException => true,
        _ => false,
    };

    public static bool IsBusError(Exception error) =>
        IsPassing(error) || error is AmqpException or BrokenCircuitException or AuthenticationFailedException or AuthenticationException;

    public static QueueException Describe(Exception error, string place) => new(Explain(error, place), error);

    public static string Condition(AmqpException error) => error.Error?.Condition?.ToString() ?? "";

    private static string Explain(Exception error, string place) => error switch
    {
        BrokenCircuitException => $"'{place}' failed many times in a row and is left alone for a while ({FirstLine(error.InnerException ?? error)})",
        AuthenticationFailedException => $"no identity to open '{place}' with: run where a managed identity is assigned, log in with 'az login', or set ConnectionString ({FirstLine(error)})",
        AuthenticationException => $"'{place}' has no certificate this machine trusts ({FirstLine(error)})",
        AmqpException amqp => Explain(Condition(amqp), amqp, place),
        _ => $"'{place}' cannot be reached: is the namespace's name right, and is port 5671 open to it? ({FirstLine(error)})",
    };

    private static string Explain(string condition, AmqpException error, string place) => condition switch
    {
        ErrorCode.UnauthorizedAccess => $"'{place}' refused the identity: give it the roles 'Azure Service Bus Data Sender' and 'Azure Service Bus Data Receiver', or check the key in ConnectionString ({FirstLine(error)})",
        ErrorCode.NotFound => $"'{place}' is not there: create the queue, or check the name ({FirstLine(error)})",
        ErrorCode.ResourceLimitExceeded => $"'{place}' is full: let its receivers catch up, or raise its size ({FirstLine(error)})",
        ErrorCode.MessageSizeExceeded => $"'{place}' does not take messages of this size: put the data into a blob and send its name ({FirstLine(error)})",
        _ => $"'{place}' failed after every retry: {condition} ({FirstLine(error)})",
    };

    private static string FirstLine(Exception error) => error.Message.Split('\n')[0].Trim();
}
