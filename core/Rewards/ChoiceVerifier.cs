using KnapsackCloud.Core.Rewards.Maths.Extraction;

namespace KnapsackCloud.Core.Rewards;

/// <summary>1 when the completion chooses the gold option, a letter from A to J: <c>(C)</c>, <c>C.</c>, <c>the answer is C</c>.</summary>
internal sealed class ChoiceVerifier : IVerifier
{
    public string Name => "choice";

    public Verdict Score(string gold, string completion)
    {
        if (ChoiceLetter.OfGold(gold) is not { } wanted)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer names no option from A to J" };
        if (ChoiceLetter.OfAnswer(completion) is not { } chosen)
            return Verdict.Of(Name, 0, "no option chosen");
        return chosen == wanted ? Verdict.Of(Name, 1, $"option {chosen}") : Verdict.Of(Name, 0, $"option {chosen}, not {wanted}");
    }
}
