using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// A right answer gets 1 when it is short and 0.5 at the longest allowed, a wrong one -1 when it is short and -0.5 at the longest, along
/// half a cosine (arXiv 2502.03373): to stop early is worth it only for who is right.
/// </summary>
/// <param name="name">As in a spec: <c>cosine:maths</c>.</param>
/// <param name="decides">A reward of 0.5 and more says that an answer is right.</param>
internal sealed class CosineScorer(string name, IScorer decides) : IScorer
{
    private const double Right = 0.5;
    private const double Shortest = 1;
    private const double Longest = 0.5;

    public async Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation)
    {
        var verdicts = await decides.ScoreAsync(answers, cancellation);
        return [.. answers.Zip(verdicts, Shape)];
    }

    private Verdict Shape(Answer answer, Verdict verdict)
    {
        if (verdict.Reward is not { } decided) return verdict;
        if (answer.Length is not { } length) return new Verdict { Status = VerdictStatus.Error, Reason = $"{name} needs the completion's length in tokens" };
        var sign = decided >= Right ? 1 : -1;
        var reward = LengthRewards.Cosine(length.Tokens, length.MaxTokens, sign * Shortest, sign * Longest);
        return new Verdict
        {
            Reward = reward,
            Parts = [.. verdict.Parts, new RewardPart(name, reward)],
            Reason = $"{verdict.Reason}, in {length.Tokens} of {length.MaxTokens} tokens",
        };
    }
}
