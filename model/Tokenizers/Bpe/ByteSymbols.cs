using System.Buffers;
using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>Every byte of the UTF-8 form is a symbol.</summary>
/// <param name="idOfByte">256 token ids, -1 where the vocabulary lacks the byte.</param>
internal sealed class ByteSymbols(int[] idOfByte, UnknownToken unknown) : ISymbols
{
    private const int OnStack = 512;

    public int Fill(ReadOnlySpan<char> piece, Span<int> ids)
    {
        var size = 3 * piece.Length;
        var rented = size > OnStack ? ArrayPool<byte>.Shared.Rent(size) : null;
        try
        {
            Span<byte> bytes = rented is null ? stackalloc byte[OnStack] : rented;
            return Fill(bytes[..Encoding.UTF8.GetBytes(piece, bytes)], ids);
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private int Fill(ReadOnlySpan<byte> bytes, Span<int> ids)
    {
        var (count, afterUnknown) = (0, false);
        foreach (var part in bytes)
        {
            var id = idOfByte[part];
            if (id >= 0) ids[count++] = id;
            else count = unknown.Add(ids, count, afterUnknown, $"the byte 0x{part:X2}");
            afterUnknown = id < 0;
        }

        return count;
    }
}
