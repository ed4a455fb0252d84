using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Lists of the form <c>p = 5, q = 2</c> and <c>p = 5, q = 2; p = 7, q = 2</c>.</summary>
internal static class Assignments
{
    /// <summary>Labels and values when every item is an assignment, else null.</summary>
    public static IReadOnlyList<(string Label, Expression Value)>? Read(IReadOnlyList<Expression> items)
    {
        var read = new List<(string, Expression)>();
        foreach (var item in items)
        {
            if (Labels.Read(item) is not { Label: { } label, Value: var value } || !Labels.IsLabel(label))
                return null;
            read.Add((Name(label), value));
        }
        return read;
    }

    /// <summary>
    /// A list in which labels repeat is a list of tuples, one per round of labels, or of single values when there is
    /// one label. Null when the labels do not repeat in the same order.
    /// </summary>
    public static IReadOnlyList<Expression>? Rounds(IReadOnlyList<(string Label, Expression Value)> assignments)
    {
        var width = assignments.Select(assignment => assignment.Label).Distinct(StringComparer.Ordinal).Count();
        if (width == assignments.Count || assignments.Count % width != 0)
            return null;
        for (var i = width; i < assignments.Count; i++)
        {
            if (assignments[i].Label != assignments[i - width].Label)
                return null;
        }
        return [.. assignments.Chunk(width).Select(round => width == 1
            ? round[0].Value
            : new Bracketed('(', [.. round.Select(assignment => assignment.Value)], ')'))];
    }

    /// <summary>Canonical text of a label.</summary>
    public static string Name(Expression label) => label switch
    {
        Symbol symbol => symbol.Name,
        Number number => number.Value.ToString(),
        _ => $"{label.GetType().Name}({string.Join(',', ExpressionWalk.Parts(label).Select(Name))})",
    };
}
