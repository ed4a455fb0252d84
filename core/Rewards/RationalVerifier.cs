using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Extraction;
using KnapsackCloud.Core.Rewards.Maths.Syntax;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the final answer is one number, fraction or mixed number of the gold value, as in <c>5/4</c>, <c>1.25</c> or
/// <c>x = 1 1/4</c>. A calculation left undone, such as <c>1/2 + 3/4</c>, is no number: a task's own formula is no answer to it.
/// </summary>
internal sealed class RationalVerifier : IVerifier
{
    public string Name => "rational";

    public Verdict Score(string gold, string completion)
    {
        if (Parser.Parse(gold) is not { } written || Value(written) is not { } wanted)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is not one number or fraction" };
        if (Parser.Parse(AnswerExtractor.Extract(completion)) is not { } answer || Value(answer) is not { } found)
            return Verdict.Of(Name, 0, "no single number or fraction found");
        return found == wanted ? Verdict.Of(Name, 1, $"{found} = {wanted}") : Verdict.Of(Name, 0, $"{found} is not {wanted}");
    }

    private static Rational? Value(Expression answer) => answer switch
    {
        Relation { Kinds: [RelationKind.Equal], Sides: [Symbol, var value] } => Value(value),
        Number number => number.Value,
        Sum { Terms: [Number { Value.IsInteger: true } whole, Product part] } => Mixed(whole.Value, Value(part)),
        Product product => Signed(product),
        _ => null,
    };

    private static Rational? Mixed(Rational whole, Rational? part) =>
        whole.Sign > 0 && part is { Sign: > 0 } share && share.CompareTo(Rational.One) < 0 ? whole.Plus(share) : null;

    private static Rational? Signed(Product product)
    {
        var factors = product.Factors.Where(factor => !ReferenceEquals(factor, Number.MinusOne)).ToList();
        var size = factors switch
        {
            [Number top, Power { Base: Number bottom } quotient] when ReferenceEquals(quotient.Exponent, Number.MinusOne) => top.Value.Over(bottom.Value),
            [Number or Sum or Product] => Value(factors[0]),
            _ => null,
        };
        return (product.Factors.Count - factors.Count) % 2 == 0 ? size : size?.Negated();
    }
}
