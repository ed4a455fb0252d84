using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Functions.Api;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>What the stream of one run says.</summary>
/// <param name="Arrived">Work items of the steps after the last finished one that have their blob.</param>
internal sealed record RunEvent(RunView Run, int Arrived, int Failed);

/// <summary>One step in the curves of a run.</summary>
/// <param name="Reward">Mean over tasks of the task's mean reward, 0 to 1 for most verifiers. It and the ratios are null for a step that only evaluates.</param>
/// <param name="PredictedGradientRatio">What the plan expected of <paramref name="EffectiveGradientRatio"/>.</param>
/// <param name="Seconds">Of generation, summed over the workers.</param>
/// <param name="Lag">Versions between the policy that generated and the one that was updated.</param>
/// <param name="Evaluation">Held-out mean reward of the policy that generated, where it was due.</param>
internal sealed record CurvePoint(
    int Step, double? Reward, double? EffectiveGradientRatio, double? EffectivePromptRatio, double? PredictedGradientRatio, double? PredictedPromptRatio,
    int Rollouts, int ErroredRollouts, long Tokens, double Seconds, int Lag, double? Evaluation);

/// <summary>How far the step in work is, who works on it, and what is used up of the run's limits.</summary>
/// <param name="Step">The step after the last finished one; of a run that has ended, the last that was planned.</param>
/// <param name="Items">Planned so far. Those neither done nor failed wait in the queue or are in work.</param>
/// <param name="Lag">Versions between the current policy and the one that generates.</param>
/// <param name="Workers">Those that made the items of the step that were looked at last, at most <see cref="ProgressEndpoint.MostItems"/>.</param>
/// <param name="Queues">Empty over an embedded store, whose queues are in another process.</param>
internal sealed record ProgressView(
    int Step, int Round, bool IsLastRound, int Items, int Done, int Failed, int Waiting, int Lag, IReadOnlyList<WorkerView> Workers, IReadOnlyList<LimitUse> Limits,
    IReadOnlyList<QueueView> Queues);

/// <param name="Seconds">Of generation.</param>
internal sealed record WorkerView(string Name, int Items, int Rollouts, long Tokens, double Seconds);

/// <param name="Messages">Of all runs, not settled yet; null where the queue cannot tell.</param>
internal sealed record QueueView(string Name, long? Messages);

/// <summary>One page of a step's tasks.</summary>
/// <param name="Tasks">In the whole step.</param>
internal sealed record StepTasksView(
    int Step, int Round, bool IsLastRound, string AllocationPolicy, PolicyVersion Policy, PlanCertificate Certificate, int Items, int Tasks,
    StepSummary? Summary, LearningSummary? Learning, IReadOnlyList<TaskRow> Rows);

/// <param name="SuccessRate">As the plan expected it.</param>
/// <param name="Value">What its rollouts were expected to teach.</param>
/// <param name="Cost">Of one rollout, in the budget's unit.</param>
/// <param name="Outcome">Null while its rollouts are not all there, or were not looked at for a page this large.</param>
internal sealed record TaskRow(string Task, string Family, int Rollouts, double SuccessRate, double PredictedMixed, double Value, double Cost, TaskOutcome? Outcome);

/// <param name="Reward">Mean over the rollouts that have one; null when none has.</param>
/// <param name="Mixed">Rewards differ, so that the group has a gradient.</param>
internal sealed record TaskOutcome(int Rollouts, int Errored, double? Reward, bool Mixed);

/// <summary>One task's group in a step.</summary>
/// <param name="Missing">Work items of it that are not there, with the reason where one is known.</param>
internal sealed record GroupView(
    int Step, string Task, string Family, string Prompt, string Gold, TaskAllocation Allocation, IReadOnlyList<RolloutView> Rollouts, IReadOnlyList<MissingItem> Missing);

internal sealed record MissingItem(string Item, string Reason);

/// <param name="Text">Null where no tokenizer is at hand.</param>
/// <param name="Tokens">The text in pieces; a piece is empty where a character needs the next token too.</param>
/// <param name="Seed">As text: it has more digits than a number in a browser.</param>
internal sealed record RolloutView(
    int Index, string? Text, IReadOnlyList<TokenView> Tokens, double? Reward, IReadOnlyList<RewardPart> Parts, string? Error,
    string StopReason, int Policy, string Seed, string Worker, double Seconds);

/// <param name="LogProb">Natural log under the sampling distribution.</param>
internal sealed record TokenView(int Id, string? Text, float LogProb);
