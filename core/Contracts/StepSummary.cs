namespace KnapsackCloud.Core.Contracts;

/// <summary>What came out of a step's rollouts; written once by Collect.</summary>
public sealed record StepSummary
{
    public int Format { get; init; } = MessageFormat.Current;
    public required int Step { get; init; }
    public required PolicyVersion Policy { get; init; }
    public required int Groups { get; init; }
    public required int MixedGroups { get; init; }
    public required int Rollouts { get; init; }
    public required int MixedRollouts { get; init; }
    /// <summary>Rollouts without a reward: the verifier failed, or the work item ended in a terminal marker.</summary>
    public required int ErroredRollouts { get; init; }
    /// <summary>Work items counted as failed. Fixed here: a blob that arrives later is not used by any stage.</summary>
    public IReadOnlyList<string> FailedItems { get; init; } = [];
    /// <summary>Mean over tasks of the task's mean reward, so that the allocation does not bend it.</summary>
    public required double MeanReward { get; init; }
    /// <summary>Completion tokens.</summary>
    public required long Tokens { get; init; }
    /// <summary>Sum of the workers' generation seconds; evaluation work excluded.</summary>
    public required double GenerationSeconds { get; init; }
    public required IReadOnlyList<FamilySummary> Families { get; init; }
    /// <summary>What the plan expected; <see cref="Groups"/> and the ratios say what came out.</summary>
    public required PlanPrediction Predicted { get; init; }
    /// <summary>Evaluation of <see cref="Policy"/>, when it was due.</summary>
    public EvaluationSummary? Evaluation { get; init; }
    public double EffectiveGradientRatio => Rollouts == 0 ? 0 : (double)MixedRollouts / Rollouts;
    public double EffectivePromptRatio => Groups == 0 ? 0 : (double)MixedGroups / Groups;
}

public sealed record FamilySummary(string Family, int Groups, int MixedGroups, int Rollouts, double MeanReward);

/// <param name="Tokens">Completion tokens of the training rollouts.</param>
public sealed record PlanPrediction(double MeanReward, double EffectiveGradientRatio, double EffectivePromptRatio, double Tokens = 0);

public sealed record EvaluationSummary(int Tasks, int Samples, double MeanReward, IReadOnlyList<FamilySummary> Families);

/// <summary>What one learner update did.</summary>
public sealed record LearningSummary
{
    public int Format { get; init; } = MessageFormat.Current;
    public required int Step { get; init; }
    public required PolicyVersion Version { get; init; }
    /// <summary>Effective rows, that is rollouts of mixed groups.</summary>
    public required int Rows { get; init; }
    /// <summary>Tokens computed after packing, and what unpacked rows would have been.</summary>
    public required long PackedTokens { get; init; }
    public required long RowTokens { get; init; }
    public required int Updates { get; init; }
    /// <summary>Effective rows, of this step and those before, whose gradients wait for the update of a later step.</summary>
    public int AccumulatedRows { get; init; }
    /// <summary>Minibatches left out because something of them was not a finite number.</summary>
    public int SkippedUpdates { get; init; }
    /// <summary>What was wrong with each of them, and which rollouts they were.</summary>
    public IReadOnlyList<SkippedUpdate> Skipped { get; init; } = [];
    public required double Loss { get; init; }
    /// <summary>Gradient norm before clipping, mean over the updates; where gradients accumulate, that of their mean so far.</summary>
    public required double GradientNorm { get; init; }
    /// <summary>Share of completion tokens whose ratio was clipped.</summary>
    public required double ClipFraction { get; init; }
    /// <summary>Mean over completion tokens, in nats.</summary>
    public required double Entropy { get; init; }
    /// <summary>KL divergence to the reference policy, mean over completion tokens in nats; null without a KL penalty.</summary>
    public double? ReferenceKl { get; init; }
    /// <summary>Share of completion tokens whose importance weight met its bound; null without a correction.</summary>
    public double? TruncatedFraction { get; init; }
    /// <summary>Largest absolute difference of sampler and learner log-probs before the first update; without a lag both are the same policy. Of the whole step with a correction, else of its first minibatch.</summary>
    public required double MaxLogProbMismatch { get; init; }
    public required double Seconds { get; init; }
}

/// <summary>A minibatch that changed nothing, named so that it can be looked into: its trajectories stay in the step's rollouts.</summary>
/// <param name="Minibatch">From 1, in the order of the step.</param>
/// <param name="Reason">For the user, such as <c>the loss is NaN</c>.</param>
public sealed record SkippedUpdate(int Minibatch, string Reason, IReadOnlyList<SkippedRollouts> Rollouts);

/// <param name="Indices">Of the rollouts in their group.</param>
public sealed record SkippedRollouts(TaskId Task, IReadOnlyList<int> Indices);
