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
            ["exact"] = () => new ExactVerifier(),
            ["format"] = () => new FormatVerifier(answerTags: true),
            ["maths"] = () => new MathsVerifier(),
            ["numeric"] = () => new NumericVerifier(),
            ["repetition"] = () => new RepetitionVerifier(),
            ["think-format"] = () => new FormatVerifier(answerTags: false),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every single name that <see cref="Create"/> knows, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_factories.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A verifier by its name, or a weighted sum of several: <c>maths + 0.1*format</c>.</summary>
    /// <exception cref="InvalidInputException">A name is not known or a weight is no number; the message lists the names there are.</exception>
    public static IVerifier Create(string name)
    {
        if (s_factories.TryGetValue(name, out var factory))
            return factory();
        var errors = new List<InputError>();
        var terms = name.Split('+').Select(term => ReadTerm(term.Trim(), errors)).ToList();
        if (errors.Count > 0)
            throw new InvalidInputException(errors);
        return new WeightedVerifier(name, terms.ConvertAll(term => term!.Value));
    }

    private static (double Weight, IVerifier Verifier)? ReadTerm(string term, List<InputError> errors)
    {
        var star = term.IndexOf('*', StringComparison.Ordinal);
        var weight = 1.0;
        if (star >= 0 && !(double.TryParse(term.AsSpan(0, star), NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && double.IsFinite(weight)))
        {
            errors.Add(new InputError("verifier", $"the weight in '{term}' is not a number; write it as in 'maths + 0.1*format'."));
            return null;
        }
        var name = term[(star + 1)..].Trim();
        if (s_factories.TryGetValue(name, out var factory))
            return (weight, factory());
        errors.Add(new InputError("verifier", $"'{name}' is not known; choose one of {string.Join(", ", Names)}."));
        return null;
    }
}
