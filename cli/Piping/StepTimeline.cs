using System.Globalization;
using System.Text.RegularExpressions;

namespace KnapsackCloud.Cli.Piping;

/// <summary>When a run's phases began, by the log of the control plane: asking it often enough would slow down what is measured.</summary>
internal sealed partial class StepTimeline
{
    private readonly Dictionary<(int Step, string Phase), DateTimeOffset> _begun = [];

    /// <param name="log">Lines of one run's status changes among others.</param>
    public static StepTimeline Read(IEnumerable<string> log, string run)
    {
        var timeline = new StepTimeline();
        foreach (var line in log)
        {
            if (Change().Match(line) is not { Success: true } change || change.Groups["run"].Value != run || change.Groups["policy"].Value == "-1") continue;
            var at = DateTimeOffset.Parse(change.Groups["at"].Value, CultureInfo.InvariantCulture);
            var (step, phase) = (int.Parse(change.Groups["step"].Value, CultureInfo.InvariantCulture), change.Groups["phase"].Value);
            timeline._begun.TryAdd((step + 1, phase == "Done" ? "Plan" : phase), at);
        }

        return timeline;
    }

    /// <summary>Seconds of a step and of its rollouts, these from plan to collection; null for one that is not there whole.</summary>
    public (double Step, double Rollout)? Of(int step) =>
        _begun.TryGetValue((step, "Plan"), out var planned) && _begun.TryGetValue((step, "Rollout"), out var rollout)
        && _begun.TryGetValue((step, "Learn"), out var learning) && _begun.TryGetValue((step + 1, "Plan"), out var published)
            ? ((published - planned).TotalSeconds, (learning - rollout).TotalSeconds)
            : null;

    [GeneratedRegex("^(?<at>[0-9T:.-]+Z) .*Run (?<run>[a-z0-9-]+) is [A-Za-z]+ in (?<phase>[A-Za-z]+), step (?<step>[0-9]+) of [0-9]+, policy (?<policy>-?[0-9]+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Change();
}
