using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// A JSONL file of tasks to allocate for, one object a line: <c>id</c>; <c>successes</c> and <c>attempts</c>, or
/// <c>successRate</c>, or neither for a task never seen; and optionally <c>cost</c>, the mean tokens of a rollout.
/// </summary>
public sealed class AllocationFile
{
    /// <summary>Attempts that a success rate given without them counts for in a posterior.</summary>
    public const double AttemptsOfARate = 8;

    private readonly string _place;
    private readonly bool _tokens;
    private readonly List<InputError> _errors;
    private readonly Dictionary<TaskId, int> _lineOf = [];

    private AllocationFile(string place, bool tokens, List<InputError> errors) => (_place, _tokens, _errors) = (place, tokens, errors);

    /// <summary>Reads every line, however many are wrong. Tasks share the prior that their outcomes suggest together.</summary>
    /// <param name="place">File name for error messages.</param>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="tokens">Whether the budget is in tokens, so that every task needs its cost; else every rollout costs 1.</param>
    /// <param name="errors">Gets every error with its line.</param>
    public static IReadOnlyList<TaskEvidence> Parse(string place, ReadOnlySpan<byte> utf8, bool tokens, List<InputError> errors)
    {
        var before = errors.Count;
        var file = new AllocationFile(place, tokens, errors);
        var tasks = file.ParseLines(utf8.StartsWith("\uFEFF"u8) ? utf8["\uFEFF"u8.Length..] : utf8);
        if (tasks.Count == 0 && errors.Count == before) errors.Add(new InputError(place, "has no tasks: give one JSON object a line"));
        var prior = Prior(tasks);
        return tasks.ConvertAll(task => task with { PriorMean = prior });
    }

    private static double Prior(List<TaskEvidence> tasks) => FamilyPriors.Fit(tasks.Select(task => new TaskRecord
    {
        Task = task.Task,
        Family = "",
        Successes = task.Successes,
        Failures = task.Failures,
        Visits = 1,
        LastSuccessRate = task.LastSuccessRate ?? 0,
        MeanCompletionTokens = 0,
        LastStep = 0,
    }), 0).Overall;

    private List<TaskEvidence> ParseLines(ReadOnlySpan<byte> utf8)
    {
        var tasks = new List<TaskEvidence>();
        for (var number = 1; !utf8.IsEmpty; number++)
        {
            var end = utf8.IndexOf((byte)'\n');
            var line = end < 0 ? utf8 : utf8[..end];
            utf8 = end < 0 ? [] : utf8[(end + 1)..];
            if (line.Trim(" \t\r"u8).IsEmpty) continue;
            var before = _errors.Count;
            if (ReadMembers(line, number) is not { } members) continue;
            var task = Evidence(members, number);
            if (_errors.Count == before) tasks.Add(task);
        }

        return tasks;
    }

    private Members? ReadMembers(ReadOnlySpan<byte> line, int number)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                Refuse(number, "", "must be a JSON object such as {\"id\":\"a\",\"successes\":3,\"attempts\":8}");
                return null;
            }

            var members = new Members();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) ReadMember(ref reader, members, number);
            while (reader.Read())
            {
            }

            return members;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Refuse(number, "", $"is not valid JSON: {e.Message.Split(" LineNumber:", 2)[0].TrimEnd('.')}");
            return null;
        }
    }

    private void ReadMember(ref Utf8JsonReader reader, Members members, int number)
    {
        var name = reader.GetString()!;
        reader.Read();
        if (!members.Seen.Add(name)) Refuse(number, name, "is given twice: remove one");
        if (name == "id")
        {
            if (reader.TokenType == JsonTokenType.String && TaskId.TryParse(reader.GetString(), out var id)) members.Id = id;
            else Refuse(number, name, $"is not a task id: use a string of 1 to {TaskId.MaxLength} of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit");
        }
        else if (name is "successes" or "attempts" or "successRate" or "cost")
        {
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && Math.Abs(value) <= AllocationProblem.LargestAmount) members.Numbers[name] = value;
            else Refuse(number, name, FormattableString.Invariant($"must be a number of at most {AllocationProblem.LargestAmount}"));
        }
        else
        {
            Refuse(number, name, "is unknown: known are id, successes, attempts, successRate, cost");
        }

        reader.Skip();
    }

    private TaskEvidence Evidence(Members members, int number)
    {
        if (!members.Seen.Contains("id")) Refuse(number, "id", "is missing");
        else if (members.Id is { } id && !_lineOf.TryAdd(id, number)) Refuse(number, "id", $"'{id}' is already on line {_lineOf[id]}: ids must differ");
        var cost = members.Number("cost");
        if (cost <= 0) Refuse(number, "cost", FormattableString.Invariant($"is {cost}: it must be above 0"));
        if (_tokens && !members.Seen.Contains("cost")) Refuse(number, "cost", "is missing: a budget in tokens needs the mean tokens of a rollout");
        var (successes, attempts) = Outcomes(members, number);
        return new TaskEvidence
        {
            Task = members.Id ?? default,
            Successes = successes,
            Failures = attempts - successes,
            LastSuccessRate = attempts > 0 ? members.Number("successRate") ?? successes / attempts : null,
            Cost = _tokens ? cost ?? 1 : 1,
        };
    }

    private (double Successes, double Attempts) Outcomes(Members members, int number)
    {
        if (members.Seen.Contains("successRate"))
        {
            if (members.Seen.Contains("successes") || members.Seen.Contains("attempts")) Refuse(number, "successRate", "is given beside successes and attempts: keep one of the two");
            if (members.Number("successRate") is not { } rate) return (0, 0);
            if (rate is < 0 or > 1) Refuse(number, "successRate", FormattableString.Invariant($"is {rate}: it must be from 0 to 1"));
            return (rate * AttemptsOfARate, AttemptsOfARate);
        }

        if (members.Seen.Contains("successes") != members.Seen.Contains("attempts"))
            Refuse(number, members.Seen.Contains("successes") ? "attempts" : "successes", "is missing: give both or neither");
        if (members.Number("successes") is not { } successes || members.Number("attempts") is not { } attempts) return (0, 0);
        if (successes < 0) Refuse(number, "successes", FormattableString.Invariant($"is {successes}: it must be 0 or more"));
        if (attempts < 0) Refuse(number, "attempts", FormattableString.Invariant($"is {attempts}: it must be 0 or more"));
        else if (successes > attempts) Refuse(number, "successes", FormattableString.Invariant($"is {successes}, above the {attempts} attempts"));
        return (successes, attempts);
    }

    private void Refuse(int line, string member, string problem) => _errors.Add(new InputError($"{_place}:{line} {member}".TrimEnd(), problem));

    private sealed class Members
    {
        public TaskId? Id { get; set; }
        public HashSet<string> Seen { get; } = [];
        public Dictionary<string, double> Numbers { get; } = [];

        public double? Number(string name) => Numbers.TryGetValue(name, out var value) ? value : null;
    }
}
