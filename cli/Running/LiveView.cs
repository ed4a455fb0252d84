using System.Globalization;
using KnapsackCloud.Core.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace KnapsackCloud.Cli.Running;

/// <summary>The view on a terminal: redrawn in place a few times a second.</summary>
internal static class LiveView
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);

    /// <summary>Shows the run until <paramref name="work"/> ends, then leaves the last picture standing.</summary>
    public static async Task ShowAsync(RunMonitor monitor, Task work, TimeProvider time) =>
        await AnsiConsole.Live(Draw(monitor.Snapshot)).StartAsync(async live =>
        {
            while (!work.IsCompleted)
            {
                live.UpdateTarget(Draw(monitor.Snapshot));
                await Task.WhenAny(work, Task.Delay(Refresh, time)).ConfigureAwait(false);
            }

            live.UpdateTarget(Draw(monitor.Snapshot));
        }).ConfigureAwait(false);

    internal static IRenderable Draw(RunSnapshot snapshot)
    {
        if (snapshot.Status is not { } status) return new Markup("starting ...");
        var rows = new List<IRenderable> { Headline(snapshot, status) };
        if (snapshot.Note.Length > 0) rows.Add(new Text(snapshot.Note));
        if (snapshot.LastStep is not null)
        {
            rows.Add(Figures(snapshot));
            rows.Add(Allocation(snapshot));
        }

        return new Rows(rows);
    }

    private static Rows Headline(RunSnapshot snapshot, RunStatus status)
    {
        const int width = 40;
        var filled = width * status.Step / Math.Max(1, status.Steps);
        var left = snapshot.Remaining is { } remaining && status.State == RunState.Running ? $"about {remaining:m\\:ss} left" : "";
        var phase = status.State == RunState.Running ? status.Phase : (object)status.State;
        return new Rows(
            new Markup($"[bold]{Markup.Escape(status.Id.Value)}[/]"),
            new Markup($"step [bold]{status.Step}[/] of {status.Steps}  [green]{new string('━', filled)}[/][grey]{new string('━', width - filled)}[/]  {phase.ToString()!.ToLowerInvariant()}  {left}"));
    }

    private static Grid Figures(RunSnapshot snapshot)
    {
        var total = Math.Max(1e-9, snapshot.SecondsGenerating + snapshot.SecondsLearning + snapshot.SecondsOther);
        var grid = new Grid().AddColumn().AddColumn();
        Add("reward (last 20 steps)", Ratio(snapshot.Reward));
        Add("effective-gradient ratio", Ratio(snapshot.EffectiveGradientRatio));
        Add("effective-prompt ratio", Ratio(snapshot.EffectivePromptRatio));
        if (snapshot.Evaluations is [var first, ..] && snapshot.Evaluations[^1] is var last)
            Add("held-out accuracy", last.Version == first.Version ? Ratio(first.Accuracy) : $"{Ratio(first.Accuracy)} -> {Ratio(last.Accuracy)} (policy {last.Version})");
        Add("generated tokens/s", snapshot.TokensPerSecond.ToString("N0", CultureInfo.InvariantCulture));
        Add("time", string.Create(CultureInfo.InvariantCulture, $"generating {snapshot.SecondsGenerating / total:P0}, learning {snapshot.SecondsLearning / total:P0}, other {snapshot.SecondsOther / total:P0}"));
        return grid;

        void Add(string name, string value) => grid.AddRow(new Markup($"[grey]{name}[/]"), new Text(value));
    }

    private static Table Allocation(RunSnapshot snapshot)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("family").AddColumn(new TableColumn("rollouts per task").RightAligned()).AddColumn("").AddColumn(new TableColumn("reward").RightAligned()).AddColumn(new TableColumn("mixed groups").RightAligned());
        foreach (var family in snapshot.Families.Where(family => family.Groups > 0))
        {
            var perTask = (double)family.Rollouts / family.Groups;
            table.AddRow(
                new Text(family.Family.Length == 0 ? "all" : family.Family),
                new Text(perTask.ToString("0.0", CultureInfo.InvariantCulture)),
                new Markup($"[green]{new string('█', (int)Math.Clamp(Math.Round(perTask), 0, 40))}[/]"),
                new Text(Ratio(family.MeanReward)),
                new Text(((double)family.MixedGroups / family.Groups).ToString("P0", CultureInfo.InvariantCulture)));
        }

        return table;
    }

    private static string Ratio(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
