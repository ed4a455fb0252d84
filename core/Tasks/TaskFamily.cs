using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// A generator of tasks of one kind and difficulty, whose gold answers the verifier of its <see cref="TaskKind"/> decides
/// by. Draws depend on the random numbers alone: a seed gives the same tasks everywhere.
/// </summary>
public abstract record TaskFamily
{
    /// <summary>Kind and difficulty, such as <c>add3</c>; part of task identities and of held-out seeds.</summary>
    public abstract string Name { get; }
    /// <summary>1 is the easiest of its kind.</summary>
    public abstract int Difficulty { get; }
    /// <summary>How many different prompts there are, at least.</summary>
    public abstract long Size { get; }
    /// <summary>Tokens of the longest answer with its end of sequence, a character being one token.</summary>
    public abstract int MaxAnswerTokens { get; }

    /// <summary>A random prompt with its answer.</summary>
    public abstract (string Prompt, string Gold) Draw(ref CounterRandom random);
}
