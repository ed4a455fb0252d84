namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Rows of one prompt, whose keys and values are read once for all of them as far as they are the same.</summary>
/// <param name="Rows">One or more.</param>
/// <param name="Shared">Slots that are the same in all rows: whole blocks of the prompt's, and 0 for a single row.</param>
internal sealed record PromptRows(int[] Rows, int Shared)
{
    /// <summary>More would not make a key cheaper, and fewer give every thread its part.</summary>
    public const int Most = 8;

    /// <summary>Whether rows are of the same prompts as others, and so are in the same <see cref="PromptRows"/>.</summary>
    public static bool AreOf(DecodeRow[] rows, DecodeRow[] others) =>
        rows.Length == others.Length && rows.Zip(others).All(pair => (pair.First.Prompt, pair.First.PromptLength) == (pair.Second.Prompt, pair.Second.PromptLength));

    /// <summary>All rows, each in one of them.</summary>
    public static List<PromptRows> Of(DecodeRow[] rows) =>
        [.. rows.Index().GroupBy(row => row.Item.Prompt, row => row.Index)
            .SelectMany(prompt => prompt.Chunk(Most))
            .Select(chunk => new PromptRows(chunk, chunk.Length == 1 ? 0 : rows[chunk[0]].PromptLength / Attention.SlotBlock * Attention.SlotBlock))];
}
