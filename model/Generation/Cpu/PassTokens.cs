namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>What one <see cref="ForwardPass{T}"/> computes.</summary>
/// <param name="Groups">All tokens, each in one of them.</param>
/// <param name="LookAtEachOther">Whether a token may see others of the pass: all are cached then before any looks.</param>
internal sealed record PassTokens(TokenRow[] Tokens, List<AttentionGroup> Groups, bool LookAtEachOther)
{
    /// <summary>The tokens that logits are wanted of, and their places among all, ascending; null is all. Of others the last layer computes keys and values only.</summary>
    public (PassTokens Tokens, int[] Places)? Predicting { get; private init; }

    /// <summary>One token further for every row.</summary>
    public static PassTokens OfRows(DecodeRow[] rows, List<AttentionGroup> groups) =>
        new([.. rows.Select((row, at) => new TokenRow(row.Token, at, row.Length))], groups, LookAtEachOther: false);

    /// <summary>Tokens of prompts, one after another.</summary>
    /// <param name="last">Places of those that end a prompt, ascending.</param>
    /// <param name="slots">That a row of the cache has.</param>
    public static PassTokens OfPrompts(TokenRow[] tokens, int[] last, int slots)
    {
        return Pass(tokens) with { Predicting = (Pass([.. last.Select(place => tokens[place])]), last) };

        PassTokens Pass(TokenRow[] some) => new(some, AttentionGroup.OfPrompts(some, slots), LookAtEachOther: true);
    }
}
