using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>
/// Gradients of several steps as one update. A function of spec and step alone, so that a resumed run updates in the same steps. Pure.
/// </summary>
public static class GradientAccumulation
{
    /// <summary>Whether the effective rows of a step are a part of a minibatch, in place of being cut into some.</summary>
    public static bool IsOn(LearningSpec learning) => learning.AccumulateSteps > 1;

    /// <summary>Whether what has accumulated becomes an update in this step. In the last one it does, whatever has come together.</summary>
    /// <param name="step">From 1 to <paramref name="steps"/>.</param>
    public static bool IsDue(LearningSpec learning, int step, int steps) => step % learning.AccumulateSteps == 0 || step == steps;
}
