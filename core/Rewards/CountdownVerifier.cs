using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards.Maths;
using KnapsackCloud.Core.Rewards.Maths.Algebra;
using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Extraction;
using KnapsackCloud.Core.Rewards.Maths.Syntax;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the completion's formula uses every given number exactly once, with + - * / and brackets only, and has the
/// target value. The gold answer is <c>98: 44 19 35</c> (target, then the numbers) or any solution, such as <c>44+19+35</c>.
/// </summary>
internal sealed class CountdownVerifier : IVerifier
{
    public string Name => "countdown";

    public Verdict Score(string gold, string completion)
    {
        if (ReadGold(gold) is not { } puzzle)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is neither 'target: numbers' nor a solution" };
        var answer = AnswerExtractor.Extract(completion);
        if (Formula(answer) is not { } formula || ReadSolution(formula) is not { } solution)
            return Verdict.Of(Name, 0, "no formula of + - * / found");
        var numbers = solution.Numbers.Order().SequenceEqual(puzzle.Numbers.Order());
        var value = solution.Value == puzzle.Value;
        var reason = !numbers ? "not every number once" : value ? $"{solution.Value} reached" : $"{solution.Value} is not {puzzle.Value}";
        return new Verdict
        {
            Reward = numbers && value ? 1 : 0,
            Parts = [new RewardPart("countdown.numbers", numbers ? 1 : 0), new RewardPart("countdown.value", value ? 1 : 0)],
            Reason = reason,
        };
    }

    private sealed record Solution(Rational Value, IReadOnlyList<Rational> Numbers);

    private static Solution? ReadGold(string gold)
    {
        var colon = gold.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return Formula(gold) is { } formula ? ReadSolution(formula) : null;
        var numbers = gold[(colon + 1)..].Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(number => NumberText.Parse(number)).ToList();
        return NumberText.Parse(gold.AsSpan(0, colon)) is { } target && numbers.Count > 0 && numbers.TrueForAll(number => number is not null)
            ? new Solution(target, numbers.ConvertAll(number => number!.Value))
            : null;
    }

    // "44 + 19 + 35 = 98" says its left side.
    private static Expression? Formula(string text) => Parser.Parse(text, CommaReading.Separator) switch
    {
        Relation { Kinds: [RelationKind.Equal] } equation => equation.Sides[0],
        var formula => formula,
    };

    private static Solution? ReadSolution(Expression formula)
    {
        var numbers = new List<Rational>();
        if (!Collect(formula, numbers))
            return null;
        try
        {
            return new Canonicaliser(new Effort()).Canonical(formula).AsRational() is { } value ? new Solution(value, numbers) : null;
        }
        catch (UndecidedException)
        {
            return null;
        }
    }

    // The numbers as written; the signs of subtraction and the exponents of division are not numbers.
    private static bool Collect(Expression formula, List<Rational> numbers)
    {
        switch (formula)
        {
            case Number number:
                numbers.Add(number.Value.Absolute());
                return true;
            case Sum sum:
                return sum.Terms.All(term => Collect(term, numbers));
            case Product product:
                return product.Factors.All(factor => ReferenceEquals(factor, Number.MinusOne) || Collect(factor, numbers));
            case Power power when ReferenceEquals(power.Exponent, Number.MinusOne):
                return Collect(power.Base, numbers);
            default:
                return false;
        }
    }
}
