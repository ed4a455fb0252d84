using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>What an allocation policy decides on: the tasks of a step (or of a file), a budget, and bounds per task.</summary>
public sealed record AllocationProblem
{
    /// <summary>Largest <see cref="Max"/>. Counts are walked, so that values stay exact; a larger group is far beyond any use.</summary>
    public const int MostRollouts = 65_536;
    /// <summary>Largest budget, cost and count: beyond it, doubles lose single units.</summary>
    public const double LargestAmount = 1e15;

    public required IReadOnlyList<TaskEvidence> Tasks { get; init; }
    /// <summary>In rollouts, or in tokens when costs are tokens. At least the cost of <see cref="Min"/> rollouts of every task.</summary>
    public required double Budget { get; init; }
    /// <summary>Fewest rollouts of a task in the step; 0 lets a task be left out, so that the tasks can be a whole pool.</summary>
    public required int Min { get; init; }
    /// <summary>Most rollouts of a task in the step.</summary>
    public required int Max { get; init; }
    /// <summary>With <see cref="Min"/> 0: fewest rollouts of a task that is not left out, 2 or more, as a group of one teaches nothing.</summary>
    public int Opening { get; init; } = 2;
    /// <summary>Weight of the prior in rollouts.</summary>
    public double PriorStrength { get; init; } = 2;
}

/// <summary>What is known of a task's success rate, and what one rollout of it costs.</summary>
public sealed record TaskEvidence
{
    public required TaskId Task { get; init; }
    /// <summary>Tasks of a family share a prior.</summary>
    public string Family { get; init; } = "";
    /// <summary>Discounted counts; both 0 for a task never seen.</summary>
    public double Successes { get; init; }
    public double Failures { get; init; }
    /// <summary>The paper's point estimate: mean reward of the last visit; null for a task never seen.</summary>
    public double? LastSuccessRate { get; init; }
    /// <summary>Mean of the family prior in (0, 1).</summary>
    public double PriorMean { get; init; } = 0.5;
    /// <summary>Of one rollout in the budget's unit; positive.</summary>
    public double Cost { get; init; } = 1;
    /// <summary>Rewarded rollouts of an earlier round of this very step; not in <see cref="Successes"/>.</summary>
    public int RolledSuccesses { get; init; }
    /// <summary>Unrewarded rollouts of an earlier round of this very step; not in <see cref="Failures"/>.</summary>
    public int RolledFailures { get; init; }
    /// <summary>Last visits in a row whose group was uniform.</summary>
    public int UniformVisits { get; init; }

    /// <summary>Rollouts the task has in this step already.</summary>
    public int Rolled => RolledSuccesses + RolledFailures;
    /// <summary>Whether those are mixed, so that the step learns from the task in any case.</summary>
    public bool RolledMixed => RolledSuccesses > 0 && RolledFailures > 0;
}

/// <summary>Rollouts per task (further ones, where a task has some in this step already), in the order of the problem's tasks, and the proof of how good they are.</summary>
public sealed record Allocation(IReadOnlyList<int> Rollouts, IReadOnlyList<TaskForecast> Forecasts, PlanCertificate Certificate);

/// <param name="Value">What the allocated rollouts are expected to add.</param>
/// <param name="SuccessRate">Predicted success rate.</param>
/// <param name="Mixed">Predicted chance that the group is mixed with them.</param>
public readonly record struct TaskForecast(double Value, double SuccessRate, double Mixed);

/// <summary>A rule for spending a step's budget. Pure: same problem, same allocation; permuting the tasks permutes the result and nothing else.</summary>
public interface IAllocationPolicy
{
    /// <summary>As in a spec or on the command line.</summary>
    string Name { get; }

    Allocation Allocate(AllocationProblem problem);
}
