namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>The smallest parts of a word: where merging starts.</summary>
internal interface ISymbols
{
    /// <summary>Token ids of a piece's parts, written to the front of <paramref name="ids"/>, which has three places per UTF-16 unit.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="FormatException">The vocabulary has neither a part nor an unknown token.</exception>
    int Fill(ReadOnlySpan<char> piece, Span<int> ids);
}

/// <summary>What stands for a part that the vocabulary lacks.</summary>
/// <param name="Id">The unknown token; null when there is none, and such a text is refused.</param>
/// <param name="Fused">A run of unknown parts is one token.</param>
internal readonly record struct UnknownToken(int? Id, bool Fused)
{
    /// <summary>Adds the token for one part after <paramref name="count"/> tokens.</summary>
    /// <param name="afterUnknown">The part before was unknown too.</param>
    public int Add(Span<int> ids, int count, bool afterUnknown, string part)
    {
        if (Id is not { } id) throw new FormatException($"the vocabulary has no token for {part}");
        if (afterUnknown && Fused) return count;
        ids[count] = id;
        return count + 1;
    }
}
