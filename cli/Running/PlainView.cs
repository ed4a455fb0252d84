using System.Globalization;

namespace KnapsackCloud.Cli.Running;

/// <summary>The view when output is piped: a line for news, for every tenth step and for every evaluation.</summary>
internal sealed class PlainView(TextWriter output)
{
    private const int Every = 10;
    private int _evaluations;

    public void Attach(RunMonitor monitor)
    {
        monitor.Noted += output.WriteLine;
        monitor.StepFinished += Step;
    }

    private void Step(RunSnapshot snapshot)
    {
        var status = snapshot.Status!;
        if (status.Step > 0 && (status.Step % Every == 0 || status.Step == status.Steps || snapshot.Evaluations.Count > _evaluations))
        {
            var left = snapshot.Remaining is { } remaining ? $", about {remaining:m\\:ss} left" : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {status.Step}/{status.Steps}: reward {snapshot.Reward:0.000}, effective-gradient {snapshot.EffectiveGradientRatio:0.000}, effective-prompt {snapshot.EffectivePromptRatio:0.000}, {snapshot.TokensPerSecond:N0} tokens/s{left}"));
        }

        if (snapshot.Evaluations.Count == _evaluations) return;
        _evaluations = snapshot.Evaluations.Count;
        var (version, accuracy) = snapshot.Evaluations[^1];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"policy {version}: held-out accuracy {accuracy:0.000}"));
    }
}
