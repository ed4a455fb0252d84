using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// When policies are evaluated: policy v in the plan of step v + 1, beside its training rollouts. The last policy has no
/// such step, so a closing step that only evaluates follows it.
/// </summary>
public static class EvaluationSchedule
{
    public static bool IsDue(RunSpec spec, PolicyVersion version) =>
        spec.Evaluation.Every > 0 && (version.Value == spec.Steps || version.Value % spec.Evaluation.Every == 0);

    public static bool HasClosingStep(RunSpec spec) => spec.Evaluation.Every > 0;

    public static bool IsClosing(RunSpec spec, int step) => step == spec.Steps + 1;
}
