using System.Text.Json.Serialization;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Name of a run: 1 to 63 of a-z, 0-9 and '-', starting with a letter or digit, so that it is safe in any path.</summary>
[JsonConverter(typeof(RunIdJson))]
public readonly record struct RunId
{
    public const int MaxLength = 63;

    private RunId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, out RunId id)
    {
        var valid = IdRules.IsRunId(text);
        id = valid ? new RunId(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is not a valid run id.</exception>
    public static RunId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a run id: use 1 to {MaxLength} of a-z, 0-9 and '-', starting with a letter or digit");

    public override string ToString() => Value;
}

/// <summary>Name of a training task: 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit.</summary>
[JsonConverter(typeof(TaskIdJson))]
public readonly record struct TaskId : IComparable<TaskId>
{
    public const int MaxLength = 128;

    private TaskId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, out TaskId id)
    {
        var valid = IdRules.IsTaskId(text);
        id = valid ? new TaskId(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is not a valid task id.</exception>
    public static TaskId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a task id: use 1 to {MaxLength} of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit");

    /// <summary>Ordinal order, the same on every machine: ties in an allocation are broken by it.</summary>
    public int CompareTo(TaskId other) => string.CompareOrdinal(Value, other.Value);

    public static bool operator <(TaskId left, TaskId right) => left.CompareTo(right) < 0;
    public static bool operator >(TaskId left, TaskId right) => left.CompareTo(right) > 0;
    public static bool operator <=(TaskId left, TaskId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(TaskId left, TaskId right) => left.CompareTo(right) >= 0;

    public override string ToString() => Value;
}

/// <summary>Number of a checkpoint: 0 is the policy a run starts from, n the policy after step n.</summary>
[JsonConverter(typeof(PolicyVersionJson))]
public readonly record struct PolicyVersion(int Value)
{
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

internal static class IdRules
{
    public static bool IsRunId(string? text) =>
        text is { Length: > 0 and <= RunId.MaxLength } && text[0] != '-' &&
        text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    public static bool IsTaskId(string? text) =>
        text is { Length: > 0 and <= TaskId.MaxLength } && char.IsAsciiLetterOrDigit(text[0]) &&
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
