using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>What becomes of rollouts that were cut off at the longest allowed completion, or came close (DAPO, arXiv 2503.14476, section 3.4).</summary>
public static class OverlongRollouts
{
    public const string Keep = "keep";
    /// <summary>A cut-off rollout counts in its group's mean, but not in the loss: that it was cut off says little about its tokens.</summary>
    public const string Filter = "filter";

    public static IReadOnlyList<string> Names { get; } = [Keep, Filter];

    /// <summary>Whether the loss sees the rollout.</summary>
    public static bool IsTaught(Trajectory trajectory, LearningSpec learning) =>
        learning.Overlong != Filter || trajectory.StopReason != StopReason.Length;

    /// <summary>
    /// Soft punishment of length, added to the reward (eq. 13): 0 up to max - ramp tokens, falling linearly to -1 at max.
    /// A ramp of 0 is no punishment.
    /// </summary>
    /// <param name="tokens">Completion tokens, 0 to max.</param>
    public static double LengthPenalty(int tokens, int maxTokens, int rampTokens) =>
        rampTokens == 0 ? 0 : -Math.Clamp((tokens - (maxTokens - (double)rampTokens)) / rampTokens, 0, 1);
}
