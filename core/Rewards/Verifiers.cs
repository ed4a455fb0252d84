using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>Verifiers by the name a spec gives them.</summary>
public static partial class Verifiers
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

    /// <summary>Before the name of a program of the user's: <c>external:NAME</c>.</summary>
    public const string External = "external:";

    /// <summary>Before the verifier that says which answers are right: <c>cosine:maths</c>.</summary>
    public const string Cosine = "cosine:";

    private const string Within = "numeric:";

    /// <summary>A verifier by its name, or a weighted sum of several: <c>maths + 0.1*format</c>.</summary>
    /// <exception cref="InvalidInputException">A name is not known, needs more than two texts (a program, a length), or a weight is no number; the message lists the names there are.</exception>
    public static IVerifier Create(string name)
    {
        var terms = Read(name);
        if (terms.FirstOrDefault(term => term.Verifier is null) is { } program)
            throw new InvalidInputException("verifier", $"'{program.Name}' needs more than the texts of an answer, which is all there is here");
        return terms is [{ Weight: 1 } alone] ? alone.Verifier! : new WeightedVerifier(name, [.. terms.Select(term => (term.Weight, term.Verifier!))]);
    }

    /// <summary>Everything that keeps the name from being read.</summary>
    public static IReadOnlyList<string> Problems(string name)
    {
        var problems = new List<string>();
        Read(name, problems);
        return problems;
    }

    /// <summary>Names of the verifiers that a name, or a weighted sum, is made of; those that a length is added to, without it.</summary>
    /// <param name="name">One without <see cref="Problems"/>.</param>
    public static IReadOnlyList<string> Terms(string name) => [.. Read(name, []).Select(term => (term.Shaped ?? term).Name)];

    /// <summary>Whether a term looks at how long a completion is.</summary>
    /// <param name="name">One without <see cref="Problems"/>.</param>
    public static bool LookAtLength(string name) => Read(name, []).Any(term => term.Shaped is not null);

    /// <exception cref="InvalidInputException">The name has <see cref="Problems"/>.</exception>
    internal static IReadOnlyList<VerifierTerm> Read(string name)
    {
        var problems = new List<string>();
        var terms = Read(name, problems);
        return problems.Count == 0 ? terms : throw new InvalidInputException([.. problems.Select(problem => new InputError("verifier", problem))]);
    }

    private static List<VerifierTerm> Read(string name, List<string> problems)
    {
        var terms = name.Split('+').Select(term => ReadTerm(term.Trim(), problems)).OfType<VerifierTerm>().ToList();
        // Parts are recorded by name.
        foreach (var twice in terms.CountBy(term => term.Name).Where(count => count.Value > 1))
            problems.Add($"'{twice.Key}' is added more than once; give it one weight");
        return terms;
    }

    private static VerifierTerm? ReadTerm(string term, List<string> problems)
    {
        var star = term.IndexOf('*', StringComparison.Ordinal);
        var weight = 1.0;
        if (star >= 0 && !(double.TryParse(term.AsSpan(0, star), NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && double.IsFinite(weight)))
        {
            problems.Add($"the weight in '{term}' is not a number; write it as in 'maths + 0.1*format'");
            return null;
        }
        return ReadName(weight, term[(star + 1)..].Trim(), problems);
    }

    private static VerifierTerm? ReadName(double weight, string name, List<string> problems)
    {
        if (name.StartsWith(External, StringComparison.Ordinal)) return ReadProgram(weight, name, problems);
        if (name.StartsWith(Within, StringComparison.Ordinal)) return ReadTolerance(weight, name, problems);
        if (name.StartsWith(Cosine, StringComparison.Ordinal) && !name[Cosine.Length..].StartsWith(Cosine, StringComparison.Ordinal))
            return ReadName(1, name[Cosine.Length..], problems) is { } shaped ? new VerifierTerm(weight, name, null, shaped) : null;
        if (s_factories.TryGetValue(name, out var factory)) return new VerifierTerm(weight, name, factory());
        problems.Add($"'{name}' is unknown; choose one of {string.Join(", ", Names)}, {Within}TOLERANCE, {Cosine}VERIFIER, a program of yours by {External}NAME, or a weighted sum such as 'maths + 0.1*format'");
        return null;
    }

    private static VerifierTerm? ReadTolerance(double weight, string name, List<string> problems)
    {
        if (NumericVerifier.Within(name[Within.Length..]) is { } verifier) return new VerifierTerm(weight, name, verifier);
        problems.Add($"'{name}' has no tolerance: after {Within} comes a number above 0 and below 1, the share of the gold number that an answer may be off, as in {Within}0.01");
        return null;
    }

    /// <summary>The name becomes that of a file, so it must not be a path.</summary>
    private static VerifierTerm? ReadProgram(double weight, string name, List<string> problems)
    {
        if (ProgramName().IsMatch(name[External.Length..])) return new VerifierTerm(weight, name, null);
        problems.Add($"'{name}' is no name of a program: after {External} come 1 to 40 of a-z, 0-9, '-' and '_'");
        return null;
    }

    [GeneratedRegex("^[a-z0-9_-]{1,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex ProgramName();
}

/// <summary>A term of a weighted sum.</summary>
/// <param name="Verifier">Null when it is a program of the user's, or looks at the length.</param>
/// <param name="Shaped">What says which answers are right, where the length decides how much they get.</param>
internal sealed record VerifierTerm(double Weight, string Name, IVerifier? Verifier, VerifierTerm? Shaped = null);
