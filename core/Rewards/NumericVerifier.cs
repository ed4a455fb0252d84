using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the completion's number equals the gold number, whatever way either is written (<c>1/2</c>, <c>0.50</c>,
/// <c>5e-1</c>). The completion's number is the whole text or else the last number in it.
/// </summary>
/// <param name="tolerance">Largest distance that counts as equal, as a share of the gold number; 0 or more.</param>
internal sealed class NumericVerifier(string name, Rational tolerance) : IVerifier
{
    /// <summary>Exact.</summary>
    public NumericVerifier()
        : this("numeric", Rational.Zero)
    {
    }

    public string Name => name;

    /// <param name="tolerance">As written in a spec; above 0 and below 1.</param>
    /// <returns>Null when it is no such number.</returns>
    public static NumericVerifier? Within(string tolerance) =>
        NumberText.Parse(tolerance) is { Sign: > 0 } share && share.CompareTo(Rational.One) < 0 ? new NumericVerifier($"numeric:{tolerance}", share) : null;

    public Verdict Score(string gold, string completion)
    {
        if (NumberText.Parse(gold) is not { } wanted)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is not a number" };
        if ((NumberText.Parse(completion) ?? NumberText.Last(completion)) is not { } found)
            return Verdict.Of(Name, 0, "no number found");
        if (found == wanted) return Verdict.Of(Name, 1, $"{found} = {wanted}");
        return IsNear(found, wanted) ? Verdict.Of(Name, 1, $"{found} is near {wanted}") : Verdict.Of(Name, 0, $"{found} is not {wanted}");
    }

    /// <summary>Numbers too long for the sum or the product are not near each other.</summary>
    private bool IsNear(Rational found, Rational wanted) =>
        found.Plus(wanted.Negated()) is { } difference && wanted.Absolute().Times(tolerance) is { } allowed && difference.Absolute().CompareTo(allowed) <= 0;
}
