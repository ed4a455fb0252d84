using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>
/// A broker with the parts of Service Bus that the adapter uses, on a loopback port of this process. It speaks through
/// the same library as the adapter, so it proves behaviour, not the wire: RabbitMQ does that.
/// </summary>
internal sealed class TestBus : ILinkProcessor, IDisposable
{
    private readonly ConcurrentDictionary<string, BusNode> _nodes = new();
    private readonly ConcurrentDictionary<ListenerLink, object?> _links = new();
    private readonly TimeProvider _time;
    private readonly Socket _reserved = Reserve();
    private ContainerHost _host;
    private int _failingSends;
    private string _failure = "";

    public TestBus(TimeProvider time)
    {
        _time = time;
        Claims = new BusClaims(time);
        Port = ((IPEndPoint)_reserved.LocalEndPoint!).Port;
        _host = Listen(Port);
    }

    public int Port { get; }
    public BusClaims Claims { get; }
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={BusClaims.KeyName};SharedAccessKey={BusClaims.Key};UseDevelopmentEmulator=true";

    /// <summary>How often a client has attached a link to a queue.</summary>
    public int Attached { get; private set; }

    public BusNode AddQueue(string name, BusNodeOptions options)
    {
        var deadLetters = new BusNode(options with { DuplicateWindow = null }, _time, null);
        var node = new BusNode(options, _time, deadLetters);
        _nodes[name] = node;
        _nodes[$"{name}/$deadletterqueue"] = deadLetters;
        _host.RegisterRequestProcessor($"{name}/$management", new BusManagement(node));
        return node;
    }

    /// <summary>Refuses the next sends with a condition.</summary>
    public void FailSends(int count, string condition) => (_failure, _failingSends) = (condition, count);

    /// <summary>Closes every connection with an error.</summary>
    public void DropConnections()
    {
        foreach (var connection in _links.Keys.Select(link => link.Session.Connection).Distinct())
            connection.Close(TimeSpan.Zero, new Error(ErrorCode.ConnectionForced) { Description = "dropped by the test" });
    }

    /// <summary>Closes every link to a queue, and leaves the connections.</summary>
    public void DetachLinks()
    {
        foreach (var link in _links.Keys)
            link.Close(TimeSpan.Zero, new Error(ErrorCode.DetachForced) { Description = "detached by the test" });
    }

    /// <summary>Nobody listens any more. The queues keep their messages for <see cref="Resume"/>.</summary>
    public void Stop() => _host.Close();

    public void Resume()
    {
        _host = Listen(Port);
        foreach (var (name, node) in _nodes.Where(node => node.Value.DeadLetters is not null))
            _host.RegisterRequestProcessor($"{name}/$management", new BusManagement(node));
    }

    public void Process(AttachContext attachContext)
    {
        var attach = attachContext.Attach;
        var path = attach.Role ? ((Source)attach.Source).Address : ((Target)attach.Target).Address;
        if (!Claims.Allows(attachContext.Link.Session.Connection, path))
            attachContext.Complete(new Error(ErrorCode.UnauthorizedAccess) { Description = $"no claim to '{path}'" });
        else if (!_nodes.TryGetValue(path, out var node))
            attachContext.Complete(new Error(ErrorCode.NotFound) { Description = $"no queue '{path}'" });
        else
            Accept(attachContext, node, isReceiver: attach.Role);
    }

    public void Dispose()
    {
        _host.Close();
        _reserved.Dispose();
        foreach (var node in _nodes.Values) node.Dispose();
    }

    private void Accept(AttachContext context, BusNode node, bool isReceiver)
    {
        Attached++;
        _links[context.Link] = null;
        context.Link.AddClosedCallback((_, _) => _links.TryRemove(context.Link, out var _));
        if (isReceiver) context.Complete(new BusSource(node, context.Link), 0);
        else context.Complete(new BusTarget(node, this), 100);
    }

    private bool TakeFailure(out Error error)
    {
        error = new Error(_failure) { Description = "refused by the test" };
        return _failingSends > 0 && Interlocked.Decrement(ref _failingSends) >= 0;
    }

    /// <summary>
    /// A port that is nobody else's for as long as the socket lives. The listener shares its port with whoever asks, so
    /// that two brokers on one would each get half of the connections; no port in use is given to who asks for any.
    /// </summary>
    private static Socket Reserve()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private ContainerHost Listen(int port)
    {
        var host = new ContainerHost(new Address("127.0.0.1", port, null, null, "/", "amqp"));
        host.Listeners[0].SASL.EnableAnonymousMechanism = true;
        host.Listeners[0].HandlerFactory = _ => new LockTags();
        host.RegisterLinkProcessor(this);
        host.RegisterRequestProcessor("$cbs", Claims);
        host.Open();
        return host;
    }

    /// <summary>A client's sending link.</summary>
    private sealed class BusTarget(BusNode node, TestBus bus) : LinkEndpoint
    {
        public override void OnMessage(MessageContext messageContext)
        {
            if (bus.TakeFailure(out var error))
            {
                messageContext.Complete(error);
                return;
            }
            node.Send(messageContext.Message);
            messageContext.Complete();
        }

        public override void OnFlow(FlowContext flowContext)
        {
            // Clients that send give no credit.
        }

        public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();
    }
}
