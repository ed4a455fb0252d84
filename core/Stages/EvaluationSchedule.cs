using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// When policies are evaluated: in the first step that a policy generates, beside its training rollouts. The last policy has
/// no such step, so a closing step that only evaluates follows it.
/// </summary>
public static class EvaluationSchedule
{
    /// <summary>Whether the step evaluates the policy that generates it. With a lag several steps begin with policy 0, which is evaluated once.</summary>
    public static bool IsDue(RunSpec spec, int step)
    {
        var version = PolicyLag.GeneratorOf(spec, step).Value;
        return spec.Evaluation.Every > 0 && (IsClosing(spec, step) || (version % spec.Evaluation.Every == 0 && (version > 0 || step == 1)));
    }

    public static bool HasClosingStep(RunSpec spec) => spec.Evaluation.Every > 0;

    public static bool IsClosing(RunSpec spec, int step) => step == spec.Steps + 1;
}
