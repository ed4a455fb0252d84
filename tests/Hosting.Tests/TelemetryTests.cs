using System.Net;
using System.Text;
using System.Threading.Channels;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Hosting.Local;
using KnapsackCloud.Hosting.Telemetry;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Hosting.Tests;

/// <summary>A host beside a collector that speaks OTLP over HTTP on the loopback address.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly HttpListener _collector = new();
    private readonly Channel<(string Path, string Body)> _received = Channel.CreateUnbounded<(string, string)>();
    private readonly string _address;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public TelemetryTests()
    {
        _address = $"http://127.0.0.1:{LoopbackPorts.Free(1)[0]}/";
        _collector.Prefixes.Add(_address);
        _collector.Start();
        _ = CollectAsync();
    }

    [Fact]
    public async Task Spans_metrics_and_logs_reach_the_collector_that_the_standard_variable_names()
    {
        using var folder = new TempFolder();
        await using var backplane = await Backplane.OpenAsync(new KnapsackOptions { Store = StoreKind.Embedded, Folder = folder["store"] }, TimeProvider.System, Token);
        using (var host = Build(backplane, _address))
        {
            await host.StartAsync(Token);
            var outbox = host.Services.GetRequiredService<IMessageSender>();
            await outbox.SendAsync(new CheckpointReady(RunId.Parse("run-1"), new PolicyVersion(3)), Token);
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (await backplane.Queues[QueueNames.CheckpointReady].CountAsync(Token) > 0) await pause.WaitForNextTickAsync(Token);
            await host.StopAsync(Token);
        }

        var seen = new Dictionary<string, string>();
        while (seen.Count < 3)
        {
            var (path, body) = await _received.Reader.ReadAsync(Token);
            seen[path] = seen.GetValueOrDefault(path, "") + body;
        }

        Assert.All(seen.Values, body => Assert.Contains("knapsack-test", body, StringComparison.Ordinal));
        Assert.Contains("checkpoint-ready process", seen["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("run-1-checkpoint-000003", seen["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("knapsack.queue.wait", seen["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("knapsack.messages.refused", seen["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("there is no run", seen["/v1/logs"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_variable_nothing_is_exported()
    {
        await using var backplane = new Backplane(new InMemoryRunStore(), new Dictionary<string, IWorkQueue>());
        using var host = Build(backplane, endpoint: null);
        Assert.Null(host.Services.GetService<OpenTelemetry.Trace.TracerProvider>());
    }

    private static IHost Build(Backplane backplane, string? endpoint)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration[Telemetry.Telemetry.EndpointVariable] = endpoint;
        builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        builder.AddKnapsack(new KnapsackOptions(), backplane);
        builder.AddKnapsackTelemetry("test");
        if (endpoint is not null) builder.Services.AddPump<CheckpointReady, PublishHandler>(QueueNames.CheckpointReady);
        return builder.Build();
    }

    private async Task CollectAsync()
    {
        try
        {
            while (true)
            {
                var context = await _collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                context.Response.Close();
                // Protocol buffers keep texts as they are.
                await _received.Writer.WriteAsync((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            _received.Writer.Complete();
        }
    }

    public void Dispose() => _collector.Close();
}
