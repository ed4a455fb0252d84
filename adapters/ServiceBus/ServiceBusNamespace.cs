using Azure.Core;
using Azure.Identity;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>A Service Bus namespace over AMQP 1.0: one connection, opened by the first use and again whenever it was lost. Thread-safe; one per process.</summary>
public sealed class ServiceBusNamespace : IAsyncDisposable
{
    private readonly ServiceBusOptions _options;
    private readonly BusProfile _profile;
    private readonly TimeProvider _time;
    private readonly BusConnection _connection;

    /// <param name="credential">Replaces the identity of the process; not used with a connection string.</param>
    /// <exception cref="InvalidInputException">The connection string is none.</exception>
    public ServiceBusNamespace(ServiceBusOptions options, TimeProvider time, TokenCredential? credential = null)
    {
        (_options, _profile, _time) = (options, BusProfile.ServiceBus, time);
        var (endpoint, tokens) = Access(options, time, credential);
        _connection = new BusConnection(endpoint, _profile, tokens, BusResilience.Create(options, time), time);
    }

    /// <summary>Another broker of AMQP 1.0.</summary>
    internal ServiceBusNamespace(ServiceBusOptions options, BusEndpoint endpoint, BusProfile profile, TimeProvider time)
    {
        (_options, _profile, _time) = (options, profile, time);
        _connection = new BusConnection(endpoint, profile, null, BusResilience.Create(options, time), time);
    }

    /// <summary>An existing queue. Nothing is asked of the service before the first use.</summary>
    public IWorkQueue Queue(string name) => new ServiceBusQueue(name, _connection, _profile, _options, _time);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static (BusEndpoint, IBusTokens) Access(ServiceBusOptions options, TimeProvider time, TokenCredential? credential)
    {
        if (options.ConnectionString is not { Length: > 0 } text)
        {
            var identity = credential ?? new DefaultAzureCredential(new DefaultAzureCredentialOptions
            {
                ManagedIdentityClientId = options.ManagedIdentityClientId,
                ExcludeInteractiveBrowserCredential = true,
            });
            return (BusEndpoint.Of(options.FullyQualifiedNamespace ?? ""), new EntraTokens(identity));
        }
        if (!BusConnectionString.TryParse(text, out var parsed, out var problem))
            throw new InvalidInputException("Service Bus", problem);
        return (parsed.Endpoint, new SharedKeyTokens(parsed.KeyName, parsed.Key, time));
    }
}
