using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// Which policy generates a step, and how far rollouts run ahead of the learner. With a lag of k the rollouts of a step come from
/// the policy that is k versions older than the one they update, so that up to k steps are generated while the learner works. The
/// version follows from the step alone and not from who was faster: a run gives the same policies however it was interrupted.
/// </summary>
public static class PolicyLag
{
    public const int Most = 16;

    /// <summary>Policy max(0, step - 1 - lag); the closing step evaluates the last one.</summary>
    public static PolicyVersion GeneratorOf(RunSpec spec, int step) =>
        new(EvaluationSchedule.IsClosing(spec, step) ? spec.Steps : Math.Max(0, step - 1 - spec.Learning.MaxLag));

    /// <summary>The newest step that may be planned, generated and collected while the learner is at the one after <paramref name="published"/>.</summary>
    /// <param name="published">Last step whose policy is there; 0 is policy 0.</param>
    public static int LastOpen(RunSpec spec, int published) =>
        published == spec.Steps ? spec.Steps + 1 : Math.Min(published + 1 + spec.Learning.MaxLag, spec.Steps);

    /// <summary>Versions between the policy that generated a step and the one that the step updates.</summary>
    public static int Of(int step, PolicyVersion generator) => step - 1 - generator.Value;
}
