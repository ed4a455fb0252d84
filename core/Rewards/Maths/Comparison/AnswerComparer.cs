using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Decides whether two answers say the same, by what kind of thing they are.</summary>
internal sealed class AnswerComparer
{
    private readonly ScalarComparer _scalars;
    private readonly Inequalities _inequalities;
    private readonly RealSets _sets;
    private readonly Effort _effort;

    public AnswerComparer(Effort effort)
    {
        _effort = effort;
        _scalars = new ScalarComparer(effort);
        _inequalities = new Inequalities(_scalars, effort);
        _sets = new RealSets(effort);
    }

    /// <exception cref="UndecidedException">The limits were reached.</exception>
    public bool AreEqual(Expression gold, Expression answer)
    {
        _effort.Spend(4);
        if (gold is Number a && answer is Number b)
            return a.Value == b.Value;
        if (gold is Quantity || answer is Quantity)
            return Quantities.AreEqual(gold, answer, AreEqual);
        if (gold is Percent || answer is Percent)
            return Percents(gold, answer);
        if (gold is Degrees || answer is Degrees)
            return Angles(gold, answer);
        if (gold is SetOperation || answer is SetOperation)
            return Sets(gold, answer);
        if (SaysSeveral(gold) || SaysSeveral(answer))
            return new Collections(AreEqual).AreEqual(gold, answer);
        if (gold is Relation || answer is Relation)
            return Relations(gold, answer);
        if (RealSets.IsClearlySet(gold) || RealSets.IsClearlySet(answer))
            return Sets(gold, answer);
        if (gold is Bracketed || answer is Bracketed || MatrixArithmetic.Concerns(gold) || MatrixArithmetic.Concerns(answer))
            return new Collections(AreEqual).AreOrderedEqual(gold, answer);
        if (gold is InBase || answer is InBase)
            return Bases(gold, answer);
        if (gold is Ratio || answer is Ratio)
            return Ratios(gold, answer);
        if (InfinitySign(gold) is { } sign)
            return InfinitySign(answer) == sign;
        return _scalars.AreEqual(Quantities.WithoutUnitLetters(gold, answer), Quantities.WithoutUnitLetters(answer, gold));
    }

    private static int? InfinitySign(Expression expression) => expression switch
    {
        Symbol { Name: "∞" } => 1,
        Product { Factors: [Number { Value.Sign: -1 }, Symbol { Name: "∞" }] } => -1,
        _ => null,
    };

    private static bool SaysSeveral(Expression expression) =>
        expression is ListOf or SetOf || ExpressionWalk.Any(expression, part => part is PlusMinus);

    // 20% is 20 where a percentage was asked for, and 0.2 elsewhere.
    private bool Percents(Expression gold, Expression answer) => (gold, answer) switch
    {
        (Percent a, Percent b) => AreEqual(a.Value, b.Value),
        (Percent a, _) => AreEqual(a.Value, answer) || AreEqual(Hundredth(a.Value), answer),
        (_, Percent b) => AreEqual(gold, b.Value) || AreEqual(gold, Hundredth(b.Value)),
        _ => false,
    };

    private static Expression Hundredth(Expression value) => value is Number number
        ? new Number(number.Value.Over(100) ?? throw new UndecidedException(), number.Decimals + 2)
        : new Product([value, new Power(new Number(100), Number.MinusOne)]);

    // 30° is 30 where degrees were asked for, and π/6 elsewhere.
    private bool Angles(Expression gold, Expression answer) => (gold, answer) switch
    {
        (Degrees a, Degrees b) => AreEqual(a.Value, b.Value),
        (Degrees a, _) => AreEqual(a.Value, answer) || (HasPi(answer) && _scalars.AreEqual(gold, answer)),
        (_, Degrees b) => AreEqual(gold, b.Value) || (HasPi(gold) && _scalars.AreEqual(gold, answer)),
        _ => false,
    };

    private static bool HasPi(Expression expression) => ExpressionWalk.Any(expression, part => part is Symbol { Name: "π" });

    private bool Relations(Expression gold, Expression answer)
    {
        var (goldClaim, answerClaim) = (Labels.Read(gold), Labels.Read(answer));
        if (goldClaim is not null && answerClaim is not null)
            return Claims(goldClaim, answerClaim) || (gold is Relation a && answer is Relation b && _inequalities.AreEquivalent(Ends(a), Ends(b)));
        if (goldClaim is not null && answer is not Relation)
            return Names(goldClaim) && Values(goldClaim, new Claim(null, answer, []));
        if (answerClaim is not null && gold is not Relation)
            return Names(answerClaim) && Values(new Claim(null, gold, []), answerClaim);
        if (gold is Relation left && answer is Relation right && (SameChain(left, right) || _inequalities.AreEquivalent(left, right)))
            return true;
        return Sets(gold, answer);
    }

    // "3 + 10 = 13" ends in its value as "x = 13" does.
    private static bool Names(Claim claim) =>
        claim.Label is null || Labels.IsLabel(claim.Label) || !ExpressionWalk.HasSymbols(claim.Label);

    // Both give a value, under the same name, under function names, or under no name.
    private bool Claims(Claim gold, Claim answer)
    {
        if (!Names(gold) || !Names(answer))
            return false;
        var sameName = gold.Label is null || answer.Label is null
            || Assignments.Name(gold.Label) == Assignments.Name(answer.Label)
            || (gold.Label is Product && answer.Label is Product);
        return sameName && Values(gold, answer);
    }

    // The exact values agree; or a rounding that one side states itself, and that holds, is the other side's value.
    private bool Values(Claim gold, Claim answer) => AreEqual(gold.Value, answer.Value)
        || gold.Roundings.Any(rounding => rounding is Number && Holds(gold.Value, rounding) && AreEqual(rounding, answer.Value))
        || answer.Roundings.Any(rounding => rounding is Number && Holds(answer.Value, rounding) && AreEqual(gold.Value, rounding));

    private bool Holds(Expression exact, Expression rounding) =>
        rounding is Number decimals && Rounding.Rounds(exact, decimals, fewestDigits: 1, _effort);

    private static Relation Ends(Relation chain) => chain.Sides.Count == 2 ? chain : new Relation([chain.Sides[0], chain.Sides[^1]], [RelationKind.Equal]);

    private bool SameChain(Relation left, Relation right) => left.Kinds.SequenceEqual(right.Kinds)
        && left.Sides.Zip(right.Sides).All(pair => AreEqual(pair.First, pair.Second));

    private bool Sets(Expression gold, Expression answer)
    {
        // "x = (0, 9) ∪ (9, 36)"
        if (gold is SetOperation && Labels.Read(answer) is { Label: { } name, Value: SetOperation value } && Labels.IsLabel(name))
            return Sets(gold, value);
        if (gold is Relation { Kinds: [RelationKind.In] } member)
            return AreEqual(member.Sides[1], answer);
        if (answer is Relation { Kinds: [RelationKind.In] } other)
            return AreEqual(gold, other.Sides[1]);
        if (_sets.Read(gold) is { } a && _sets.Read(answer) is { } b)
            return a.Equals(b, _scalars.AreEqual);
        return (gold, answer) switch
        {
            (Bracketed, Bracketed) => new Collections(AreEqual).AreOrderedEqual(gold, answer),
            (SetOperation x, SetOperation y) => x.Operator == y.Operator && AreEqual(x.Left, y.Left) && AreEqual(x.Right, y.Right),
            (Symbol x, Symbol y) => x.Name == y.Name,
            _ => false,
        };
    }

    private static bool Bases(Expression gold, Expression answer) => (gold, answer) switch
    {
        (InBase a, InBase b) => a.Base == b.Base && a.Digits.TrimStart('0') == b.Digits.TrimStart('0'),
        (InBase { Base: 10 } a, Number b) => NumberText.Parse(a.Digits) == b.Value,
        (Number a, InBase { Base: 10 } b) => NumberText.Parse(b.Digits) == a.Value,
        _ => false,
    };

    // A ratio may be scaled, but a time of day such as 1:00 may not.
    private bool Ratios(Expression gold, Expression answer)
    {
        if (gold is Ratio a && answer is Ratio b)
        {
            if (a.Parts.Count != b.Parts.Count)
                return false;
            if (a.Parts.Zip(b.Parts).All(pair => AreEqual(pair.First, pair.Second)))
                return true;
            return !HasZero(a) && !HasZero(b) && Enumerable.Range(1, a.Parts.Count - 1).All(i =>
                _scalars.AreEqual(new Product([a.Parts[0], b.Parts[i]]), new Product([a.Parts[i], b.Parts[0]])));
        }
        return (gold, answer) switch
        {
            (Ratio { Parts.Count: 2 } x, _) => !HasZero(x) && _scalars.AreEqual(x, answer),
            (_, Ratio { Parts.Count: 2 } y) => !HasZero(y) && _scalars.AreEqual(gold, y),
            _ => false,
        };
    }

    private static bool HasZero(Ratio ratio) => ratio.Parts.Any(part => part is Number { Value.IsZero: true });
}
