using System.Text;
using KnapsackCloud.Model.Tokenizers.Decoding;

namespace KnapsackCloud.Model.Tokenizers;

/// <summary>
/// Text of a sequence whose tokens arrive one by one. What it returns, joined, is what decoding all tokens at once
/// gives: half a character is held back until its other tokens are there. Single-use, not thread-safe.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly TokenDecoding _decoding;
    private readonly Func<int, bool> _isLeftOut;
    private readonly StringBuilder _text = new();

    internal StreamingDecoder(TokenDecoding decoding, Func<int, bool> isLeftOut) => (_decoding, _isLeftOut) = (decoding, isLeftOut);

    /// <returns>The text that has become certain; often empty in the middle of a character.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string Append(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (!_isLeftOut(id)) _decoding.Append(id, _text);
        return Take();
    }

    /// <summary>After the last token.</summary>
    /// <returns>What was held back; bytes that are no character become U+FFFD.</returns>
    public string Finish()
    {
        _decoding.Finish(_text);
        return Take();
    }

    private string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
