namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>A token whose hidden state is computed: it is written to a slot of a row of the cache and looks at all slots up to it.</summary>
internal readonly record struct TokenRow(int Token, int CacheRow, int Slot);

/// <summary>Tokens whose queries look at the same first slots, which are read once for all of them.</summary>
/// <param name="Tokens">One or more, by their places in the pass.</param>
/// <param name="Shared">Slots that are read for all, from the cache row of the first: whole blocks, and 0 for a single token. A token does not see those after its own.</param>
internal sealed record AttentionGroup(int[] Tokens, int Shared)
{
    /// <summary>More would not make a key cheaper, and fewer give every thread its part.</summary>
    public const int Most = 8;

    /// <summary>Whether rows are of the same prompts as others, and so are in the same groups.</summary>
    public static bool AreOf(DecodeRow[] rows, DecodeRow[] others) =>
        rows.Length == others.Length && rows.Zip(others).All(pair => (pair.First.Prompt, pair.First.PromptLength) == (pair.Second.Prompt, pair.Second.PromptLength));

    /// <summary>All rows, those of a prompt together: they share whole blocks of its slots.</summary>
    public static List<AttentionGroup> OfRows(DecodeRow[] rows) =>
        [.. rows.Index().GroupBy(row => row.Item.Prompt, row => row.Index)
            .SelectMany(prompt => prompt.Chunk(Most))
            .Select(chunk => new AttentionGroup(chunk, chunk.Length == 1 ? 0 : rows[chunk[0]].PromptLength / Attention.SlotBlock * Attention.SlotBlock))];

    /// <summary>Tokens of prompts, neighbours together: they share all slots up to the last one's.</summary>
    public static List<AttentionGroup> OfPrompts(TokenRow[] tokens, int slots) =>
        [.. tokens.Index().GroupBy(token => token.Item.CacheRow, token => token.Index)
            .SelectMany(prompt => prompt.Chunk(Most))
            .Select(chunk => new AttentionGroup(chunk, Math.Min(slots, Attention.RoundedUp(tokens[chunk[^1]].Slot + 1))))];
}
