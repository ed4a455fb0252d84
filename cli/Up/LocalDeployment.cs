using System.Globalization;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Up;

/// <param name="Port">Of the control plane.</param>
/// <param name="Folder">For what Azurite keeps, and for logs.</param>
/// <param name="Data">Folder in which posted specs may name files; null for none.</param>
internal sealed record DeploymentPlan(int Workers, bool Learner, int Port, string Folder, string? Data)
{
    /// <summary>Work items that a worker generates at once; together they fill the cores.</summary>
    public int ItemsPerWorker { get; init; } = Math.Max(1, Environment.ProcessorCount / Math.Max(1, Workers));

    /// <summary>Of a storage account; null for that of the environment or, where it names none, an Azurite of its own.</summary>
    public string? ConnectionString { get; init; }
}

/// <summary>
/// The hosts of a deployment as processes on this machine: Azurite, unless the environment names a storage account, the control plane,
/// workers, the learner. Started in this order, stopped in the opposite one.
/// </summary>
internal sealed class LocalDeployment(DeploymentPlan plan, TimeProvider time) : IAsyncDisposable
{
    public const string ConnectionVariable = "Knapsack__Storage__ConnectionString";
    private static readonly TimeSpan TimeToAnswer = TimeSpan.FromSeconds(60);
    private readonly List<SupervisedHost> _hosts = [];
    private AzuriteProcess? _azurite;
    private StreamWriter? _azuriteLog;

    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{plan.Port}"));

    public IReadOnlyList<SupervisedHost> Hosts => _hosts;

    /// <summary>What cannot go on by itself; null while all is well.</summary>
    public string? Failure => _azurite is { Server.HasEnded: true }
        ? $"Azurite has ended (log: {Path.Combine(Logs, "azurite.log")})"
        : _hosts.Find(host => host.State == HostState.GivenUp) is { } host ? $"{host.Name} ends again and again: {host.LastLine} (log: {host.LogPath})" : null;

    private string Logs => Path.Combine(plan.Folder, "logs");

    /// <summary>Returns when the control plane answers and every host is started.</summary>
    /// <param name="report">Takes what is being waited for.</param>
    /// <exception cref="KnapsackCloud.Hosting.HostRefusedException">Azurite cannot be had here.</exception>
    /// <exception cref="StoreException">The control plane does not answer; says where its log is.</exception>
    public async Task StartAsync(Action<string> report, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Logs);
        var environment = await EnvironmentAsync(report, cancellation).ConfigureAwait(false);
        report("starting the control plane");
        Add("functions", environment, ["functions", "--port", Text(plan.Port), .. plan.Data is null ? (string[])[] : ["--data", Path.GetFullPath(plan.Data)]]);
        await AnswersAsync(cancellation).ConfigureAwait(false);
        for (var worker = 1; worker <= plan.Workers; worker++) Add($"worker-{worker}", environment, ["worker", "--items", Text(plan.ItemsPerWorker)]);
        if (plan.Learner) Add("learner", environment, ["learner"]);
    }

    /// <summary>Workers and learner first, so that work in hand is given back to queues that are still there.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Skip(1).Select(host => host.DisposeAsync().AsTask())).ConfigureAwait(false);
        foreach (var controlPlane in _hosts.Take(1)) await controlPlane.DisposeAsync().ConfigureAwait(false);
        if (_azurite is not null) await _azurite.DisposeAsync().ConfigureAwait(false);
        if (_azuriteLog is not null) await _azuriteLog.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What every host finds the store by; through the environment, where other users of the machine do not see it.</summary>
    private async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(Action<string> report, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string> { ["Knapsack__Store"] = "local", ["Knapsack__StorageQueue__Bells"] = Path.Combine(Path.GetFullPath(plan.Folder), "bells") };
        if (plan.ConnectionString is { } given) environment[ConnectionVariable] = given;
        if (plan.ConnectionString is not null || Environment.GetEnvironmentVariable(ConnectionVariable) is { Length: > 0 }) return environment;
        report("starting Azurite (the first time npm installs it: a minute or two)");
        var location = Directory.CreateDirectory(Path.Combine(Path.GetFullPath(plan.Folder), "azurite")).FullName;
        _azuriteLog = SupervisedHost.OpenLog(Path.Combine(Logs, "azurite.log"));
        _azurite = await AzuriteProcess.StartAsync(location, _azuriteLog.WriteLine, cancellation).ConfigureAwait(false);
        environment[ConnectionVariable] = _azurite.ConnectionString;
        return environment;
    }

    private void Add(string name, IReadOnlyDictionary<string, string> environment, string[] arguments) => _hosts.Add(new SupervisedHost(name, arguments, environment, Logs, time));

    private async Task AnswersAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var late = new CancellationTokenSource(TimeToAnswer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(200), time);
        try
        {
            while (!await HealthyAsync(client, either.Token).ConfigureAwait(false))
            {
                if (_hosts[0].Life.IsCompleted) throw Silent();
                await pause.WaitForNextTickAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Silent();
        }
    }

    private StoreException Silent() => new($"the control plane does not answer at {Address}: {_hosts[0].LastLine} (log: {_hosts[0].LogPath})");

    private static async Task<bool> HealthyAsync(HttpClient client, CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.GetAsync("/api/health", cancellation).ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
