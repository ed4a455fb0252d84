namespace KnapsackCloud.Adapters.Files;

/// <summary>
/// A list column in Parquet's form (Dremel levels, for an optional list of required elements): values of all rows one
/// after another, and per slot where rows begin. An empty list is a slot without a value.
/// </summary>
internal static class ListColumn
{
    private const int EmptyList = 1;
    private const int HasElement = 2;

    public static (T[] Values, int[] Definition, int[] Repetition) Flatten<T>(IReadOnlyList<T[]> rows)
    {
        var values = new T[rows.Sum(row => row.Length)];
        var slots = rows.Sum(row => Math.Max(1, row.Length));
        var (definition, repetition) = (new int[slots], new int[slots]);
        var (slot, next) = (0, 0);
        foreach (var row in rows)
        {
            row.CopyTo(values, next);
            next += row.Length;
            if (row.Length == 0) definition[slot++] = EmptyList;
            for (var i = 0; i < row.Length; i++, slot++) (definition[slot], repetition[slot]) = (HasElement, i == 0 ? 0 : 1);
        }
        return (values, definition, repetition);
    }

    /// <exception cref="InvalidDataException">The levels do not describe so many rows.</exception>
    public static T[][] Unflatten<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> definition, ReadOnlySpan<int> repetition, int rows)
    {
        var lists = new List<T[]>(rows);
        var next = 0;
        for (var slot = 0; slot < repetition.Length;)
        {
            var end = slot + 1;
            while (end < repetition.Length && repetition[end] != 0) end++;
            var length = definition[slot] == HasElement ? end - slot : 0;
            lists.Add(values.Slice(next, length).ToArray());
            (next, slot) = (next + length, end);
        }
        return lists.Count == rows ? [.. lists] : throw new InvalidDataException($"a list column has {lists.Count} rows and not {rows}");
    }
}
