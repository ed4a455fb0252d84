using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards.Maths.Extraction;

namespace KnapsackCloud.Core.Tasks;

/// <summary>Columns of well-known data sets, as they are published; of several names the first that a row has counts.</summary>
internal static class LayoutPresets
{
    private static readonly GoldColumn[] Answer = [new("answer"), new("Answer")];

    private static readonly Dictionary<string, ColumnPlan> Plans = new(StringComparer.Ordinal)
    {
        ["gsm8k"] = new(["question"], [new("answer", AfterHashes)], [], []),
        ["math"] = new(["problem"], [new("answer"), new("solution", LastBox)], ["unique_id"], ["subject", "type", "level"]),
        ["dapo-math-17k"] = new(["prompt.0.content", "prompt"], [new("reward_model.ground_truth"), new("solution")], ["extra_info.index"], ["ability"]),
        ["deepscaler"] = new(["problem"], Answer, [], []),
        ["aime"] = new(["problem", "Problem", "question"], Answer, ["ID", "id"], []),
        ["amc"] = new(["problem", "question"], Answer, ["id"], []),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Plans.Keys];

    /// <summary>The columns that a layout means.</summary>
    public static ColumnPlan Of(TaskLayout? layout)
    {
        var plan = layout?.Preset is { } preset ? Plans[preset] : new ColumnPlan(["prompt"], [new("gold")], ["id"], ["family"]);
        return layout is null ? plan : new ColumnPlan(
            layout.Prompt is { } prompt ? [prompt] : plan.Prompt,
            layout.Gold is { } gold ? [new(gold)] : plan.Gold,
            layout.Id is { } id ? [id] : plan.Id,
            layout.Family is { } family ? family.Split(',', StringSplitOptions.TrimEntries) : plan.Family);
    }

    /// <summary>GSM8K ends a worked solution with <c>#### 1,234</c>.</summary>
    private static string? AfterHashes(string solution)
    {
        var at = solution.LastIndexOf("####", StringComparison.Ordinal);
        return at < 0 ? null : solution[(at + 4)..].Trim().Replace(",", "", StringComparison.Ordinal);
    }

    private static string? LastBox(string solution) => Boxes.Last(solution);
}

/// <param name="Prompt">Alternatives, as are those of the gold answer and the id; the columns of the family are joined.</param>
internal sealed record ColumnPlan(IReadOnlyList<string> Prompt, IReadOnlyList<GoldColumn> Gold, IReadOnlyList<string> Id, IReadOnlyList<string> Family);

/// <param name="Extract">The answer out of a worked solution, null when it has none; itself null where the column is the answer.</param>
internal sealed record GoldColumn(string Name, Func<string, string?>? Extract = null);
