using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Hosting;
using KnapsackCloud.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KnapsackCloud.Functions.Tests;

/// <summary>A control plane on a free port of this machine, over a store and queues in memory.</summary>
internal sealed class ControlPlaneUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IRunStore _store;

    private ControlPlaneUnderTest(WebApplication app, Dictionary<string, MemoryQueue> queues, IRunStore store)
    {
        (_app, Queues, _store) = (app, queues, store);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public HttpClient Http { get; }
    /// <summary>Where none was given.</summary>
    public InMemoryRunStore Store => (InMemoryRunStore)_store;
    public IReadOnlyDictionary<string, MemoryQueue> Queues { get; }
    public RunBlobs Blobs => Get<RunBlobs>();
    public RunStatusStore Statuses => Get<RunStatusStore>();

    public static async Task<ControlPlaneUnderTest> StartAsync(bool underHost = false, StoreKind kind = StoreKind.Local, string? data = null, IRunStore? store = null, ControlPlaneTools? tools = null, bool lookOnly = false)
    {
        store ??= new InMemoryRunStore();
        var queueOptions = new MemoryQueueOptions { Poll = TimeSpan.FromMilliseconds(200) };
        var queues = QueueNames.All.ToDictionary(name => name, name => new MemoryQueue(name, TimeProvider.System, queueOptions));
        var backplane = new Backplane(store, queues.ToDictionary(pair => pair.Key, pair => (IWorkQueue)pair.Value));
        var options = new FunctionsOptions { Port = 0, Data = data, RetryDelay = TimeSpan.Zero, UnderFunctionsHost = underHost, LookOnly = lookOnly };
        var app = FunctionsHost.Build(WebApplication.CreateSlimBuilder(), new KnapsackOptions { Store = kind }, options, backplane, tools ?? new ControlPlaneTools());
        await app.StartAsync(Token);
        return new ControlPlaneUnderTest(app, queues, store);
    }

    public IEnumerable<T> Services<T>() => _app.Services.GetServices<T>();

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(new Uri(path, UriKind.Relative), Token);

    public async Task<JsonNode> GetJsonAsync(string path) => await JsonOf(await GetAsync(path));

    public Task<HttpResponseMessage> PostAsync(string path, string body) => PostAsync(path, Encoding.UTF8.GetBytes(body));

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await Http.PostAsync(new Uri(path, UriKind.Relative), content, Token);
    }

    public static async Task<JsonNode> JsonOf(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!;

    /// <summary>Starts a small run over HTTP.</summary>
    public async Task<RunId> StartRunAsync(string name = "sample", int steps = 3)
    {
        using var response = await PostAsync("/api/runs", Spec(name, steps));
        return RunId.Parse((await JsonOf(response))["id"]!.GetValue<string>());
    }

    public static string Spec(string name = "sample", int steps = 3) =>
        $$"""{"name":"{{name}}","steps":{{steps}},"tasks":{"source":"arithmetic:add1-2?pool=16","perStep":4},"evaluation":{"every":0} }""";

    /// <summary>Puts policy 0 in place and says so, as the learner does.</summary>
    public async Task PublishAsync(RunId run, int version)
    {
        var manifest = new CheckpointManifest(MessageFormat.Current, new PolicyVersion(version), [new CheckpointFile("model.safetensors", 3, new string('a', 64))]);
        await Blobs.CreateAsync(BlobNames.Manifest(run, manifest.Version), manifest, ContractsJson.Default.CheckpointManifest, Token);
        await Get<IMessageSender>().SendAsync(new CheckpointReady(run, manifest.Version), Token);
    }

    /// <summary>Looks again until it is so; the test's own time limit ends it.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await isSo()) await pause.WaitForNextTickAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
