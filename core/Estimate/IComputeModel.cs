namespace KnapsackCloud.Core.Estimate;

/// <summary>How long machines take for a step's work, in seconds.</summary>
public interface IComputeModel
{
    /// <summary>Where the numbers come from, for the reader of an estimate.</summary>
    string Source { get; }

    /// <summary>From the first work item to the last one's end, the work spread evenly over the workers.</summary>
    double SecondsGenerating(StepWork work, int workers);

    /// <summary>On the one learner.</summary>
    double SecondsLearning(StepWork work);

    /// <summary>Seconds of a step in which neither workers nor learner compute.</summary>
    double StepOverhead { get; }

    /// <summary>Whether workers and learner are machines of their own, that a lag lets work at once.</summary>
    bool AreApart { get; }
}

/// <summary>A step's work, or a mean step's.</summary>
/// <param name="Groups">Prompts, each computed once.</param>
/// <param name="PromptTokens">Of one prompt.</param>
/// <param name="Tokens">Completion tokens of all rollouts.</param>
/// <param name="LearnedTokens">Completion tokens of the mixed groups: the others teach nothing and are left out.</param>
public sealed record StepWork(double Rollouts, double Groups, double PromptTokens, double Tokens, double LearnedTokens);

/// <summary>Rates that were measured, on the very machines that are meant.</summary>
/// <param name="GeneratedPerSecond">Completion tokens a second of one worker.</param>
/// <param name="LearnedPerSecond">Completion tokens of mixed groups a second.</param>
/// <param name="StepOverhead">Seconds.</param>
public sealed record MeasuredCompute(double GeneratedPerSecond, double LearnedPerSecond, double StepOverhead, string Source) : IComputeModel
{
    public double SecondsGenerating(StepWork work, int workers) => work.Tokens / (workers * GeneratedPerSecond);

    public double SecondsLearning(StepWork work) => work.LearnedTokens / LearnedPerSecond;

    /// <summary>They shared a processor when they were measured.</summary>
    public bool AreApart => false;
}
