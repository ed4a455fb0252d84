using System.Buffers;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>Token ids of one piece of text. Thread-safe.</summary>
/// <param name="wholeWords">Pieces that are a token without any merging; null where merges alone decide.</param>
internal sealed class BpeModel(ISymbols symbols, MergeTable merges, Dictionary<string, int>? wholeWords)
{
    private const int OnStack = 192;

    private readonly WordCache _cache = new();
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _wholeWords = wholeWords?.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <exception cref="FormatException">The vocabulary lacks a part of the piece.</exception>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_cache.TryGet(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var size = 3 * piece.Length;
        var rented = size > OnStack ? ArrayPool<int>.Shared.Rent(size) : null;
        try
        {
            Span<int> buffer = rented is null ? stackalloc int[OnStack] : rented;
            var found = Merged(piece, buffer);
            ids.AddRange(found);
            _cache.Add(piece, found);
        }
        finally
        {
            if (rented is not null) ArrayPool<int>.Shared.Return(rented);
        }
    }

    private Span<int> Merged(ReadOnlySpan<char> piece, Span<int> ids)
    {
        if (_wholeWords is { } words && words.TryGetValue(piece, out var id))
        {
            ids[0] = id;
            return ids[..1];
        }

        return ids[..merges.Apply(ids[..symbols.Fill(piece, ids)])];
    }
}
