using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the completion's number equals the gold number exactly, whatever way either is written (<c>1/2</c>,
/// <c>0.50</c>, <c>5e-1</c>). The completion's number is the whole text or else the last number in it.
/// </summary>
internal sealed class NumericVerifier : IVerifier
{
    public string Name => "numeric";

    public Verdict Score(string gold, string completion)
    {
        if (NumberText.Parse(gold) is not { } wanted)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is not a number" };
        if ((NumberText.Parse(completion) ?? NumberText.Last(completion)) is not { } found)
            return Verdict.Of(Name, 0, "no number found");
        return found == wanted ? Verdict.Of(Name, 1, $"{found} = {wanted}") : Verdict.Of(Name, 0, $"{found} is not {wanted}");
    }
}
