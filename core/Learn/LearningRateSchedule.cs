using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>The learning rate of a step. A function of spec and step alone, so that a resumed run has the same. Pure.</summary>
public static class LearningRateSchedule
{
    public const string Constant = "constant";
    /// <summary>After the warm-up half a cosine, from the whole rate to nearly 0 in the last step (SGDR without restarts, arXiv 1608.03983, eq. 5).</summary>
    public const string Cosine = "cosine";

    public static IReadOnlyList<string> Names { get; } = [Constant, Cosine];

    /// <summary>Rises linearly over the warm-up, because the moments of AdamW are not yet to be trusted, and then goes by the schedule.</summary>
    /// <param name="step">From 1 to <paramref name="steps"/>.</param>
    public static double At(LearningSpec learning, int step, int steps)
    {
        if (step <= learning.WarmupSteps) return learning.LearningRate * step / learning.WarmupSteps;
        if (learning.Schedule != Cosine) return learning.LearningRate;
        var progress = (step - 1.0 - learning.WarmupSteps) / Math.Max(1, steps - learning.WarmupSteps);
        return learning.LearningRate * (1 + Math.Cos(Math.PI * Math.Clamp(progress, 0, 1))) / 2;
    }
}
