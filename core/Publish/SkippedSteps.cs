using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>A run whose updates are skipped step after step learns nothing and only spends: it is paused.</summary>
public static class SkippedSteps
{
    public const int MostInARow = 3;

    /// <summary>Why the run pauses, for the user; null when an update was skipped in fewer of the last steps.</summary>
    /// <param name="learning">Of the newest step.</param>
    public static async Task<string?> ReasonAsync(RunBlobs blobs, RunId run, LearningSummary learning, CancellationToken cancellation)
    {
        for (var step = learning.Step; step > learning.Step - MostInARow; step--)
        {
            var one = step == learning.Step ? learning : await blobs.ReadLearningAsync(run, step, cancellation);
            if (one is not { SkippedUpdates: > 0 }) return null;
        }

        var reason = learning.Skipped is [var first, ..] ? first.Reason : "something was not a finite number";
        return $"updates were skipped in {MostInARow} steps in a row, last because {reason}; {BlobNames.Learning(run, learning.Step)} names the rollouts. "
            + "Start again with a lower learning.learningRate, or from an earlier policy; each resume tries one more step";
    }
}
