using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Estimate;

/// <summary>What a run will take, before it is started.</summary>
public sealed record RunEstimate
{
    public required int Steps { get; init; }
    public required int Workers { get; init; }
    public required OutcomeForecast Outcomes { get; init; }
    /// <summary>Training rollouts.</summary>
    public required double Rollouts { get; init; }
    public required double EvaluationRollouts { get; init; }
    /// <summary>Completion tokens, evaluations included.</summary>
    public required double Tokens { get; init; }
    public required double SecondsGenerating { get; init; }
    public required double SecondsLearning { get; init; }
    public required double SecondsOther { get; init; }
    /// <summary>Whether rollouts of later steps are generated while the learner works.</summary>
    public required bool Overlaps { get; init; }
    public double Seconds => SecondsOther + (Overlaps ? Math.Max(SecondsGenerating, SecondsLearning) : SecondsGenerating + SecondsLearning);

    /// <param name="evaluation">Tasks of one evaluation.</param>
    /// <param name="promptTokens">Mean length of a prompt.</param>
    public static RunEstimate Make(RunSpec spec, OutcomeForecast outcomes, int evaluation, double promptTokens, int workers, IComputeModel compute)
    {
        var length = outcomes.TokensPerStep / Math.Max(1, outcomes.RolloutsPerStep);
        var evaluations = Enumerable.Range(1, spec.Steps + 1).Count(step => EvaluationSchedule.IsDue(spec, step));
        double evaluated = evaluation * spec.Evaluation.Samples;
        var training = new StepWork(outcomes.RolloutsPerStep, outcomes.GroupsPerStep, promptTokens, outcomes.TokensPerStep, outcomes.MixedRolloutsPerStep * length);
        var evaluating = new StepWork(evaluated, evaluation, promptTokens, evaluated * length, LearnedTokens: 0);
        return new RunEstimate
        {
            Steps = spec.Steps,
            Workers = workers,
            Outcomes = outcomes,
            Rollouts = spec.Steps * outcomes.RolloutsPerStep,
            EvaluationRollouts = evaluations * evaluated,
            Tokens = (spec.Steps * training.Tokens) + (evaluations * evaluating.Tokens),
            SecondsGenerating = (spec.Steps * compute.SecondsGenerating(training, workers)) + (evaluations * compute.SecondsGenerating(evaluating, workers)),
            SecondsLearning = spec.Steps * compute.SecondsLearning(training),
            SecondsOther = spec.Steps * compute.StepOverhead,
            Overlaps = spec.Learning.MaxLag > 0 && compute.AreApart,
        };
    }
}
