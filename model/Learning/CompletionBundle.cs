namespace KnapsackCloud.Model.Learning;

/// <summary>A row of a microbatch that reads completion tokens, and where it and its prompt begin in the list of tokens.</summary>
public readonly record struct ReadingRow(int Inputs, int Start, int PromptLength, int PromptStart)
{
    public long Cells => (long)Inputs * (PromptLength + Inputs);
}

/// <summary>
/// Rows of like length, whose attention is one rectangle: R rows of A completion cells, each looking at S = P + A keys. Attention
/// grows with the square of the length, so rows are not all padded to the longest. Pure: no tensors.
/// </summary>
public sealed class CompletionBundle
{
    /// <summary>Padding that is always cheaper than another rectangle.</summary>
    private const long FreeCells = 1 << 14;
    /// <summary>Of a bundle's cells those that may be padding, where they are more.</summary>
    private const double PaddedShare = 0.05;

    private CompletionBundle(IReadOnlyList<ReadingRow> rows, Func<int, int> sourceOf)
    {
        Members = rows;
        PromptLength = rows.Max(row => row.PromptLength);
        CompletionLength = rows.Max(row => row.Inputs);
        PromptsAligned = rows.All(row => row.PromptLength == PromptLength);
        QueryIndex_RA = new long[Rows * CompletionLength];
        SourceQueryIndex_RA = new long[Rows * CompletionLength];
        KeyIndex_RS = new long[Rows * KeyLength];
        PromptKeys_RP = new bool[Rows * PromptLength];
        foreach (var (number, row) in rows.Index()) Place(number, row, sourceOf);
    }

    /// <summary>In the order of their cells.</summary>
    public IReadOnlyList<ReadingRow> Members { get; }
    public int Rows => Members.Count;
    public int PromptLength { get; }
    public int CompletionLength { get; }
    public int KeyLength => PromptLength + CompletionLength;
    public int Cells => Rows * CompletionLength;
    /// <summary>All prompts have the same length: one mask is that of every row.</summary>
    public bool PromptsAligned { get; }

    /// <summary>Token of each completion cell; padding on the right repeats the row's last token.</summary>
    public long[] QueryIndex_RA { get; }
    /// <summary>Source of each completion cell, as <see cref="QueryIndex_RA"/>.</summary>
    public long[] SourceQueryIndex_RA { get; }
    /// <summary>Tokens a row may see: its prompt's cells, then its own.</summary>
    public long[] KeyIndex_RS { get; }
    /// <summary>False where a prompt cell of <see cref="KeyIndex_RS"/> is padding.</summary>
    public bool[] PromptKeys_RP { get; }

    /// <summary>Every row in one bundle, the short ones first.</summary>
    /// <param name="sourceOf">Number of a completion token among those that predict.</param>
    public static IReadOnlyList<CompletionBundle> Of(IEnumerable<ReadingRow> rows, Func<int, int> sourceOf)
    {
        var (bundles, open, cells) = (new List<List<ReadingRow>>(), new List<ReadingRow>(), 0L);
        foreach (var row in rows.OrderBy(row => row.Inputs).ThenBy(row => row.PromptLength))
        {
            var rectangle = (open.Count + 1L) * row.Inputs * (open.Append(row).Max(other => other.PromptLength) + row.Inputs);
            if (open.Count > 0 && rectangle - cells - row.Cells > Math.Max(FreeCells, PaddedShare * rectangle))
            {
                bundles.Add(open);
                (open, cells) = ([], 0);
            }

            open.Add(row);
            cells += row.Cells;
        }

        if (open.Count > 0) bundles.Add(open);
        return [.. bundles.Select(bundle => new CompletionBundle(bundle, sourceOf))];
    }

    private void Place(int number, ReadingRow row, Func<int, int> sourceOf)
    {
        for (var p = 0; p < PromptLength; p++)
        {
            KeyIndex_RS[number * KeyLength + p] = row.PromptStart + Math.Min(p, row.PromptLength - 1);
            PromptKeys_RP[number * PromptLength + p] = p < row.PromptLength;
        }

        for (var a = 0; a < CompletionLength; a++)
        {
            var (cell, token) = (number * CompletionLength + a, row.Start + Math.Min(a, row.Inputs - 1));
            QueryIndex_RA[cell] = token;
            SourceQueryIndex_RA[cell] = sourceOf(token);
            KeyIndex_RS[number * KeyLength + PromptLength + a] = token;
        }
    }
}
