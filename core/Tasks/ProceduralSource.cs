using System.Globalization;
using System.Text.RegularExpressions;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// Text form of <see cref="ProceduralTasks"/>: <c>arithmetic:add1-5,sub1-5?pool=1024&amp;weights=6,1,1,2,2&amp;heldOut=100</c>
/// or <c>chain-sums:sum2-9</c>. Weights are per family of a range, in its order, and default to equal.
/// </summary>
public static partial class ProceduralSource
{
    /// <summary>Every kind of source, for messages.</summary>
    public static string Forms { get; } = string.Join(", ", TaskKind.All.Select(kind => $"{kind.Prefix}..."));
    private const int MaxPool = 1_000_000;
    private const int MaxHeldOut = 10_000;

    /// <summary>Whether the text names procedural tasks and not a file.</summary>
    public static bool Matches(string source) => TaskKind.Of(source) is not null;

    /// <summary>The verifiers that decide a source's tasks, the one to take by default first; empty where any may be taken.</summary>
    public static IReadOnlyList<string> VerifiersOf(string source) => TaskKind.Of(source)?.Verifiers ?? [];

    /// <param name="source">One that <see cref="Matches"/>.</param>
    /// <exception cref="InvalidInputException">Every error of the text.</exception>
    public static ProceduralTasks Parse(string source)
    {
        var errors = new List<InputError>();
        var kind = TaskKind.Of(source) ?? throw new ArgumentException($"'{source}' begins as none of {Forms}", nameof(source));
        var parts = source[kind.Prefix.Length..].Split('?', 2);
        var ranges = parts[0].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(range => ParseRange(kind, range, errors)).ToList();
        var options = Options(parts.Length > 1 ? parts[1] : "", errors);
        var tasks = new ProceduralTasks(
            [.. ranges.SelectMany(range => range)],
            Weights(options.GetValueOrDefault("weights"), ranges, errors),
            Whole(options, "pool", 1024, 1, MaxPool, errors),
            Whole(options, "heldOut", 100, 1, MaxHeldOut, errors));
        if (tasks.Families.Count == 0) errors.Add(Error($"names no family; write for example {kind.Prefix}{kind.Example}"));
        if (tasks.Families.Distinct().Count() < tasks.Families.Count) errors.Add(Error("names a family twice"));
        return errors.Count == 0 ? tasks : throw new InvalidInputException(errors);
    }

    private static List<TaskFamily> ParseRange(TaskKind kind, string text, List<InputError> errors)
    {
        if (Range().Match(text) is { Success: true } match && kind.Ladders.FirstOrDefault(ladder => ladder.Name == match.Groups["name"].Value) is { } ladder)
        {
            var first = match.Groups["first"].Value[0] - '0';
            var last = match.Groups["last"].Success ? match.Groups["last"].Value[0] - '0' : first;
            if (first >= ladder.First && first <= last && last <= ladder.Last)
                return [.. Enumerable.Range(first, last - first + 1).Select(ladder.Make)];
        }

        var known = string.Join(" or ", kind.Ladders.Select(ladder => $"{ladder.Name} and a number or range from {ladder.First} to {ladder.Last}"));
        errors.Add(Error($"'{text}' is no family; use {known}, such as {kind.Example}"));
        return [];
    }

    private static Dictionary<string, string> Options(string text, List<InputError> errors)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var option in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            if (pair.Length != 2 || pair[0] is not ("pool" or "weights" or "heldOut")) errors.Add(Error($"option '{option}' is unknown; known are pool, weights and heldOut"));
            else if (!options.TryAdd(pair[0], pair[1])) errors.Add(Error($"option '{pair[0]}' is given twice"));
        }

        return options;
    }

    private static List<double> Weights(string? text, List<List<TaskFamily>> ranges, List<InputError> errors)
    {
        if (text is null) return [.. ranges.SelectMany(range => range).Select(_ => 1.0)];
        var weights = text.Split(',').Select(weight => double.TryParse(weight, CultureInfo.InvariantCulture, out var number) && number >= 0 && double.IsFinite(number) ? number : double.NaN).ToList();
        if (weights.Exists(double.IsNaN) || weights.Sum() <= 0) errors.Add(Error($"weights '{text}' must be numbers of 0 or more, not all 0, separated by commas"));
        foreach (var range in ranges.Where(range => range.Count != weights.Count)) errors.Add(Error($"has {weights.Count} weights for a range of {range.Count} families; give one per family"));
        return [.. ranges.SelectMany(_ => weights)];
    }

    private static int Whole(Dictionary<string, string> options, string name, int byDefault, int min, int max, List<InputError> errors)
    {
        if (!options.TryGetValue(name, out var text)) return byDefault;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        errors.Add(Error($"{name} is '{text}'; it must be a whole number from {min} to {max}"));
        return byDefault;
    }

    private static InputError Error(string problem) => new("tasks.source", problem);

    [GeneratedRegex("^(?<name>[a-z]+)(?<first>[0-9])(-(?<last>[0-9]))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Range();
}
