using System.Buffers;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Functions.Api;

/// <summary>
/// Body of an allocation: <c>budget</c>, <c>tasks</c> as in a task file of <c>knapsack allocate</c>, and that command's
/// options as <c>min</c>, <c>max</c>, <c>policy</c>, <c>unit</c> and <c>allowUnspent</c>, with its defaults.
/// </summary>
internal sealed class AllocateRequest
{
    private const int MaxDepth = 8;
    private static readonly string[] Names = ["budget", "tasks", "min", "max", "policy", "unit", "allowUnspent"];
    private readonly Dictionary<string, JsonElement> _members = [];
    private readonly List<InputError> _errors = [];

    private AllocateRequest(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            Refuse("body", "must be a JSON object { ... }");
            return;
        }
        foreach (var member in body.EnumerateObject())
        {
            if (!Names.Contains(member.Name)) Refuse(member.Name, $"is unknown; known here are {string.Join(", ", Names)}");
            else if (!_members.TryAdd(member.Name, member.Value)) Refuse(member.Name, "is given twice: remove one");
        }
    }

    /// <exception cref="InvalidInputException">Every error of the body; a task is named by its place in the list, from 1.</exception>
    public static (IAllocationPolicy Policy, AllocationProblem Problem) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return new AllocateRequest(document.RootElement).Read();
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"body:{error.LineNumber + 1}", $"not valid JSON: {error.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].TrimEnd('.')}");
        }
        catch (InvalidOperationException)
        {
            // What the JSON reader throws for an escape that is half a surrogate pair.
            throw new InvalidInputException("body", "a string has an escape that is no character, such as half of a surrogate pair");
        }
    }

    private (IAllocationPolicy, AllocationProblem) Read()
    {
        var budget = Number("budget", null, AllocationProblem.LargestAmount);
        var (min, max) = ((int)Number("min", 2, AllocationProblem.MostRollouts), (int)Number("max", 128, AllocationProblem.MostRollouts));
        var policy = Choice("policy", "posterior", AllocationPolicies.Names);
        var tokens = Choice("unit", "rollouts", ["rollouts", "tokens"]) == "tokens";
        var allowUnspent = Flag("allowUnspent");
        var problem = new AllocationProblem { Tasks = AllocationFile.Parse("tasks", Lines(), tokens, _errors), Budget = budget, Min = min, Max = max };
        if (max < Math.Max(1, min)) Refuse("max", $"is {max}; it must be 1 or more and at least min {min}");
        if (_errors.Count == 0 && !allowUnspent && AllocationBudget.Unspendable(problem, "budget") is { } unspendable) _errors.Add(unspendable);
        return _errors.Count == 0 ? (AllocationPolicies.Create(policy), problem) : throw new InvalidInputException(_errors);
    }

    /// <summary>The tasks as the lines of a task file, for the one reader that there is of tasks.</summary>
    private ReadOnlySpan<byte> Lines()
    {
        if (!_members.TryGetValue("tasks", out var tasks) || tasks.ValueKind != JsonValueKind.Array)
        {
            Refuse("tasks", "must be a list of objects such as {\"id\":\"a\",\"successes\":3,\"attempts\":8}");
            return [];
        }
        var lines = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(lines);
        foreach (var task in tasks.EnumerateArray())
        {
            task.WriteTo(writer);
            writer.Flush();
            writer.Reset();
            lines.Write("\n"u8);
        }
        return lines.WrittenSpan;
    }

    private double Number(string name, double? byDefault, double most)
    {
        if (!_members.TryGetValue(name, out var value) && byDefault is { } known) return known;
        var whole = byDefault is not null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= 0 && number <= most && (!whole || double.IsInteger(number))) return number;
        Refuse(name, FormattableString.Invariant($"must be a {(whole ? "whole number" : "number")} from 0 to {most}"));
        return byDefault ?? 0;
    }

    private string Choice(string name, string byDefault, IReadOnlyList<string> choices)
    {
        if (!_members.TryGetValue(name, out var value)) return byDefault;
        if (value.ValueKind == JsonValueKind.String && choices.Contains(value.GetString())) return value.GetString()!;
        Refuse(name, $"must be one of {string.Join(", ", choices)}");
        return byDefault;
    }

    private bool Flag(string name)
    {
        if (!_members.TryGetValue(name, out var value)) return false;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Refuse(name, "must be true or false");
        return value.ValueKind == JsonValueKind.True;
    }

    private void Refuse(string place, string problem) => _errors.Add(new InputError(place, problem));
}
