namespace KnapsackCloud.Core.Tasks;

/// <summary>The procedural families of one prefix, and what decides their answers.</summary>
/// <param name="Prefix">Begins a source, colon included.</param>
/// <param name="Verifiers">Those that pay no wrong answer, the one of the kind itself first; empty where any may be taken.</param>
internal sealed record TaskKind(string Prefix, string Example, IReadOnlyList<Ladder> Ladders, IReadOnlyList<string> Verifiers)
{
    public static IReadOnlyList<TaskKind> All { get; } =
    [
        new("arithmetic:", "add1-5,sub1-5",
        [
            new("add", 1, ArithmeticFamily.Width, ArithmeticFamily.Add),
            new("sub", 1, ArithmeticFamily.Width, ArithmeticFamily.Sub),
        ], []),
        new("chain-sums:", "sum2-9", [new("sum", ChainSumFamily.MinTerms, ChainSumFamily.MaxTerms, terms => new ChainSumFamily(terms))], []),
        new("countdown:", "count3-6", [new("count", CountdownFamily.MinNumbers, CountdownFamily.MaxNumbers, numbers => new CountdownFamily(numbers))], ["countdown"]),
        new("fractions:", "frac1-5", [new("frac", 1, FractionFamily.MaxLevel, level => new FractionFamily(level))], ["rational", "exact"]),
        new("linear-equations:", "lin1-5", [new("lin", 1, LinearEquationFamily.MaxLevel, level => new LinearEquationFamily(level))], ["rational", "exact"]),
        new("sorting:", "sort2-9", [new("sort", SortingFamily.MinNumbers, SortingFamily.MaxNumbers, numbers => new SortingFamily(numbers))], ["sequence", "exact"]),
        new("base-conversion:", "base1-6", [new("base", 1, BaseConversionFamily.MaxDigits, digits => new BaseConversionFamily(digits))], ["digits", "exact"]),
    ];

    /// <summary>The kind that a source names, or null.</summary>
    public static TaskKind? Of(string source) => All.FirstOrDefault(kind => source.StartsWith(kind.Prefix, StringComparison.Ordinal));
}

/// <summary>Families of one name that differ in difficulty, numbered from first to last.</summary>
internal sealed record Ladder(string Name, int First, int Last, Func<int, TaskFamily> Make);
