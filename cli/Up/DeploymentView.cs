using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace KnapsackCloud.Cli.Up;

/// <summary>The hosts and the runs that changed last: redrawn in place on a terminal, else a line for each change.</summary>
internal sealed class DeploymentView(LocalDeployment deployment, TimeProvider time)
{
    private const int ShownRuns = 5;
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, string> _said = [];

    /// <summary>Until it is cancelled, or the deployment fails.</summary>
    public async Task ShowAsync(CancellationToken cancellation)
    {
        using var source = new RunSource(deployment.Address);
        if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive)
            await AnsiConsole.Live(Draw([])).StartAsync(live => RepeatAsync(async () => live.UpdateTarget(Draw(await source.ReadAsync(ShownRuns, cancellation).ConfigureAwait(false))), cancellation)).ConfigureAwait(false);
        else
            await RepeatAsync(async () => Tell(await source.ReadAsync(ShownRuns, cancellation).ConfigureAwait(false)), cancellation).ConfigureAwait(false);
    }

    private async Task RepeatAsync(Func<Task> show, CancellationToken cancellation)
    {
        using var ticks = new PeriodicTimer(Refresh, time);
        while (deployment.Failure is null)
        {
            await show().ConfigureAwait(false);
            await ticks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    private Rows Draw(IReadOnlyList<RunLine> runs)
    {
        var hosts = new Table().Border(TableBorder.Simple).AddColumn("host").AddColumn("state").AddColumn(new TableColumn("restarts").RightAligned()).AddColumn("log");
        foreach (var host in deployment.Hosts) hosts.AddRow(new Text(host.Name), new Text(StateOf(host)), new Text(host.Restarts.ToString(CultureInfo.InvariantCulture)), new Text(host.LogPath));
        var rows = new List<IRenderable> { new Markup($"control plane and dashboard: [bold]{Markup.Escape(deployment.Address.ToString())}[/]   Ctrl-C stops all"), hosts };
        if (runs.Count > 0) rows.Add(Runs(runs));
        return new Rows(rows);
    }

    private static Table Runs(IReadOnlyList<RunLine> runs)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("run").AddColumn("state").AddColumn(new TableColumn("step").RightAligned()).AddColumn("phase");
        foreach (var run in runs) table.AddRow(new Text(run.Id), new Text(run.State), new Text($"{run.Step} of {run.Steps}"), new Text(run.Phase));
        return table;
    }

    private void Tell(IReadOnlyList<RunLine> runs)
    {
        foreach (var host in deployment.Hosts) TellChange(host.Name, $"{StateOf(host)}{(host.Restarts > 0 ? $" ({host.Restarts} restarts; log: {host.LogPath})" : "")}");
        foreach (var run in runs) TellChange(run.Id, $"{run.State}, step {run.Step} of {run.Steps}");
    }

    private void TellChange(string what, string state)
    {
        if (_said.TryGetValue(what, out var before) && before == state) return;
        _said[what] = state;
        Console.Out.WriteLine($"{what}: {state}");
    }

    private static string StateOf(SupervisedHost host) => host.State switch
    {
        HostState.GivenUp => "given up",
        var state => state.ToString().ToLowerInvariant(),
    };
}
