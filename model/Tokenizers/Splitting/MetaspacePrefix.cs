namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>Where a Metaspace pre-tokenizer puts a sign in front of a text.</summary>
internal enum PrependScheme
{
    Always,

    /// <summary>Only at the start of the whole text.</summary>
    First,
    Never,
}

/// <summary>Writes spaces as a sign, and one in front so that a word is the same token at the start and inside of a text.</summary>
internal sealed class MetaspacePrefix(char sign, PrependScheme scheme)
{
    /// <param name="first">The text starts the whole text.</param>
    public string Apply(ReadOnlySpan<char> text, bool first)
    {
        var signs = string.Create(text.Length, text, (target, source) => source.Replace(target, ' ', sign));
        var prepend = scheme == PrependScheme.Always || scheme == PrependScheme.First && first;
        return prepend && !signs.StartsWith(sign) ? sign + signs : signs;
    }
}
