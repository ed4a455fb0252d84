using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Hosting.Local;

[assembly: AssemblyFixture(typeof(RabbitServer))]

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>One RabbitMQ with AMQP 1.0 for all tests of a run, on loopback ports and in a folder of its own: the wire as others read it.</summary>
public sealed class RabbitServer : IAsyncLifetime
{
    private const string Script = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    /// <summary>Erlang's port mapper stays behind otherwise.</summary>
    private const string ThenLeaveNothing =
        """ "$1" & child=$!; trap 'kill -TERM $child' TERM; wait $child; wait $child; epmd -port "$2" -kill; rm -rf "$3" """;
    private const int Queues = 32;
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(90);
    private readonly Lazy<Task<int>> _port;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"rabbit-{Guid.NewGuid():N}");
    private ServerProcess? _server;
    private int _taken;

    public RabbitServer() => _port = new Lazy<Task<int>>(StartAsync);

    /// <summary>What this broker lacks of Service Bus.</summary>
    internal static BusProfile Profile { get; } = new()
    {
        Address = queue => $"/amq/queue/{queue}",
        OpenHost = "vhost:/",
        Login = ("guest", "guest"),
        Schedules = false,
        ManagesLocks = false,
        CountsDeliveries = false,
    };

    /// <summary>Skips the test, with the reason, where RabbitMQ is not installed.</summary>
    internal async Task<BusEndpoint> EndpointAsync()
    {
        try
        {
            return new BusEndpoint("127.0.0.1", await _port.Value, Tls: false);
        }
        catch (NotAtHandException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    /// <summary>An empty queue that nobody else uses. Its dead letters go to the queue of this name with "-dead".</summary>
    internal string TakeQueue() => QueueName(Interlocked.Increment(ref _taken) - 1);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is null) return;
        await _server.DisposeAsync();
    }

    private async Task<int> StartAsync()
    {
        if (!File.Exists(Script)) throw new NotAtHandException($"RabbitMQ is not installed ({Script}): apt-get install rabbitmq-server");
        var ports = LoopbackPorts.Free(3);
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync(InFolder("enabled_plugins"), "[rabbitmq_amqp1_0].");
        await File.WriteAllTextAsync(InFolder("definitions.json"), Definitions());
        await File.WriteAllTextAsync(InFolder("rabbitmq.conf"), $"listeners.tcp.1 = 127.0.0.1:{ports[0]}\nload_definitions = {InFolder("definitions.json")}\nlog.console = true\nlog.console.level = error\n");
        _server = new ServerProcess("/bin/sh", ["-c", ThenLeaveNothing, "sh", Script, $"{ports[2]}", _folder], EnvironmentOf(ports), _folder);
        if (!await _server.AnswersAsync([ports[0]], TimeToStart, CancellationToken.None))
            throw new InvalidOperationException($"RabbitMQ ended while it was starting:\n{_server.Output}");
        return ports[0];
    }

    private Dictionary<string, string> EnvironmentOf(int[] ports) => new()
    {
        ["HOME"] = _folder,
        ["RABBITMQ_NODENAME"] = $"tests{ports[0]}@localhost",
        ["RABBITMQ_MNESIA_BASE"] = InFolder("mnesia"),
        ["RABBITMQ_LOG_BASE"] = InFolder("log"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = InFolder("enabled_plugins"),
        ["RABBITMQ_CONFIG_FILE"] = InFolder("rabbitmq"),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        ["RABBITMQ_DIST_PORT"] = $"{ports[1]}",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["ERL_EPMD_PORT"] = $"{ports[2]}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };

    private string InFolder(string file) => Path.Combine(_folder, file);

    private static string QueueName(int number) => $"q{number}";

    private static string Definitions()
    {
        var queues = Enumerable.Range(0, Queues).Select(QueueName).SelectMany(name => new[]
        {
            Queue(name, $$"""{"x-dead-letter-exchange":"","x-dead-letter-routing-key":"{{name}}-dead"}"""),
            Queue($"{name}-dead", "{}"),
        });
        return $$"""
            {"users":[{"name":"guest","password":"guest","tags":"administrator"}],"vhosts":[{"name":"/"}],
            "permissions":[{"user":"guest","vhost":"/","configure":".*","write":".*","read":".*"}],
            "queues":[{{string.Join(",", queues)}}]}
            """;
    }

    private static string Queue(string name, string arguments) =>
        $$"""{"name":"{{name}}","vhost":"/","durable":true,"auto_delete":false,"arguments":{{arguments}}}""";
}
