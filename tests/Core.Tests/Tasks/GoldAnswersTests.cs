using System.Globalization;
using System.Text.RegularExpressions;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

/// <summary>Gold answers worked out again from the prompt alone, by other means than the generator's.</summary>
public partial class GoldAnswersTests
{
    [Fact]
    public void A_countdown_solution_uses_the_numbers_of_its_prompt_and_makes_the_target() => Each("countdown:count3-6", (prompt, gold) =>
    {
        var asked = Numbers(prompt);
        Assert.Equal(asked[..^1].Order(), Numbers(gold.Replace('-', ' ')).Order());
        Assert.Equal(asked[^1], new Calculator(gold).Value(), 9);
        Assert.DoesNotContain(asked[^1], asked[..^1]);
    });

    [Fact]
    public void A_fraction_is_the_value_of_its_formula_in_lowest_terms() => Each("fractions:frac1-5", (prompt, gold) =>
    {
        var formula = prompt["What is ".Length..prompt.IndexOf('?', StringComparison.Ordinal)];
        Assert.Equal(new Calculator(formula).Value(), new Calculator(gold).Value(), 9);
        var parts = gold.Split('/').Select(part => long.Parse(part, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(1, (long)System.Numerics.BigInteger.GreatestCommonDivisor(parts[0], parts.Count == 1 ? 1 : parts[1]));
        Assert.True(parts.Count == 1 || parts[1] > 1);
    });

    [Fact]
    public void A_solution_makes_both_sides_of_its_equation_equal() => Each("linear-equations:lin1-5", (prompt, gold) =>
    {
        var x = $"({gold})";
        var sides = prompt["Solve for x: ".Length..prompt.IndexOf(". Give", StringComparison.Ordinal)].Split(" = ");
        var values = sides.Select(side => new Calculator(Implied().Replace(side, "$1*$2").Replace("x", x, StringComparison.Ordinal)).Value()).ToList();
        Assert.Equal(values[0], values[1], 9);
    });

    [Fact]
    public void A_sorted_list_is_the_prompts_in_order() => Each("sorting:sort2-9", (prompt, gold) =>
    {
        Assert.Equal(Numbers(prompt).Order(), Numbers(gold));
        Assert.NotEqual(Numbers(prompt), Numbers(gold));
        Assert.Equal(Numbers(gold).Distinct(), Numbers(gold));
    });

    [Fact]
    public void A_number_in_another_base_is_the_same_number() => Each("base-conversion:base1-6", (prompt, gold) =>
    {
        var match = Conversion().Match(prompt);
        var (from, to) = (Number(match.Groups["from"].Value), Number(match.Groups["to"].Value));
        Assert.NotEqual(from, to);
        Assert.Equal(InBase(match.Groups["digits"].Value, from), InBase(gold, to));
    });

    private static void Each(string source, Action<string, string> check) => Assert.All(
        ProceduralSource.Parse(source).Families.SelectMany(family => FamiliesTests.Draw(family, 300)), task => check(task.Prompt, task.Gold));

    private static List<double> Numbers(string text) => [.. Signed().Matches(text).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long InBase(string digits, int toBase) => digits.Aggregate(0L, (value, digit) =>
    {
        var worth = char.IsAsciiDigit(digit) ? digit - '0' : digit - 'a' + 10;
        Assert.InRange(worth, 0, toBase - 1);
        return (value * toBase) + worth;
    });

    [GeneratedRegex("-?[0-9]+")]
    private static partial Regex Signed();

    [GeneratedRegex("([0-9])([x(])")]
    private static partial Regex Implied();

    [GeneratedRegex("^Convert (?<digits>[0-9a-f]+) from base (?<from>[0-9]+) to base (?<to>[0-9]+)\\.")]
    private static partial Regex Conversion();

    /// <summary>Sums, products and brackets in floating point.</summary>
    private sealed class Calculator(string formula)
    {
        private readonly string _text = formula.Replace(" ", "", StringComparison.Ordinal);
        private int _at;

        public double Value()
        {
            var value = Sum();
            Assert.Equal(_text.Length, _at);
            return value;
        }

        private double Sum()
        {
            var value = Product();
            while (_at < _text.Length && _text[_at] is '+' or '-') value += _text[_at++] == '+' ? Product() : -Product();
            return value;
        }

        private double Product()
        {
            var value = Factor();
            while (_at < _text.Length && _text[_at] is '*' or '/') value = _text[_at++] == '*' ? value * Factor() : value / Factor();
            return value;
        }

        private double Factor()
        {
            if (_text[_at] == '-')
            {
                _at++;
                return -Factor();
            }
            if (_text[_at] == '(')
            {
                _at++;
                var inner = Sum();
                _at++;
                return inner;
            }
            var start = _at;
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
            return double.Parse(_text.AsSpan(start, _at - start), CultureInfo.InvariantCulture);
        }
    }
}
