using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>Scores a completion against a task's gold answer. Pure and thread-safe; never throws for any completion.</summary>
public interface IVerifier
{
    /// <summary>As in a spec: <c>exact</c>, <c>maths</c> ...</summary>
    string Name { get; }

    /// <param name="gold">The gold answer, as in the task file.</param>
    /// <param name="completion">The model's text, special tokens left out.</param>
    Verdict Score(string gold, string completion);
}

/// <summary>A reward with its parts and its reason; or no reward and the error: an error is not a zero.</summary>
public sealed record Verdict
{
    /// <summary>Usually 0 to 1; null when <see cref="Status"/> is not <see cref="VerdictStatus.Ok"/>.</summary>
    public double? Reward { get; init; }
    public VerdictStatus Status { get; init; }
    public IReadOnlyList<RewardPart> Parts { get; init; } = [];
    /// <summary>Why, in a few words for people: <c>7 = 7</c>, <c>no answer found</c> ...</summary>
    public string Reason { get; init; } = "";

    public static Verdict Of(string part, double reward, string reason) =>
        new() { Reward = reward, Parts = [new RewardPart(part, reward)], Reason = reason };
}

public enum VerdictStatus
{
    Ok,
    /// <summary>The gold answer itself cannot be read: the task file is at fault.</summary>
    UnparsableGold,
    /// <summary>The verifier failed or ran out of its limits.</summary>
    Error,
}
