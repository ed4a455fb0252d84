using System.Collections.Frozen;
using System.Globalization;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>Verifiers by the name a spec gives them.</summary>
public static class Verifiers
{
    private static readonly FrozenDictionary<string, Func<IVerifier>> s_factories =
        new Dictionary<string, Func<IVerifier>>
        {
            ["choice"] = () => new ChoiceVerifier(),
            ["countdown"] = () => new CountdownVerifier(),
            ["digits"] = () => new DigitsVerifier(),
            ["exact"] = () => new ExactVerifier(),
            ["format"] = () => new FormatVerifier(answerTags: true),
            ["maths"] = () => new MathsVerifier(),
            ["numeric"] = () => new NumericVerifier(),
            ["rational"] = () => new RationalVerifier(),
            ["repetition"] = () => new RepetitionVerifier(),
            ["sequence"] = () => new SequenceVerifier(),
            ["think-format"] = () => new FormatVerifier(answerTags: false),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every single name that <see cref="Create"/> knows, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_factories.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A verifier by its name, or a weighted sum of several: <c>maths + 0.1*format</c>.</summary>
    /// <exception cref="InvalidInputException">A name is not known or a weight is no number; the message lists the names there are.</exception>
    public static IVerifier Create(string name)
    {
        var problems = new List<string>();
        var terms = Read(name, problems);
        if (problems.Count > 0)
            throw new InvalidInputException([.. problems.Select(problem => new InputError("verifier", problem))]);
        return terms is [(1, var alone)] ? alone : new WeightedVerifier(name, terms);
    }

    /// <summary>Everything that keeps <see cref="Create"/> from making a verifier of the name.</summary>
    public static IReadOnlyList<string> Problems(string name)
    {
        var problems = new List<string>();
        Read(name, problems);
        return problems;
    }

    /// <summary>Names of the verifiers that a name, or a weighted sum, is made of.</summary>
    /// <param name="name">One without <see cref="Problems"/>.</param>
    public static IReadOnlyList<string> Terms(string name) => [.. Read(name, []).Select(term => term.Verifier.Name)];

    private static List<(double Weight, IVerifier Verifier)> Read(string name, List<string> problems)
    {
        var terms = name.Split('+').Select(term => ReadTerm(term.Trim(), problems)).OfType<(double Weight, IVerifier Verifier)>().ToList();
        // Parts are recorded by name.
        foreach (var twice in terms.CountBy(term => term.Verifier.Name).Where(count => count.Value > 1))
            problems.Add($"'{twice.Key}' is added more than once; give it one weight");
        return terms;
    }

    private static (double Weight, IVerifier Verifier)? ReadTerm(string term, List<string> problems)
    {
        var star = term.IndexOf('*', StringComparison.Ordinal);
        var weight = 1.0;
        if (star >= 0 && !(double.TryParse(term.AsSpan(0, star), NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && double.IsFinite(weight)))
        {
            problems.Add($"the weight in '{term}' is not a number; write it as in 'maths + 0.1*format'");
            return null;
        }
        var name = term[(star + 1)..].Trim();
        if (s_factories.TryGetValue(name, out var factory))
            return (weight, factory());
        problems.Add($"'{name}' is unknown; choose one of {string.Join(", ", Names)}, or a weighted sum such as 'maths + 0.1*format'");
        return null;
    }
}
