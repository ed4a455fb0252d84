using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Decoding;

/// <summary>One sequence of tokens on its way to text. Single-use, not thread-safe.</summary>
internal abstract class TokenDecoding
{
    /// <summary>Adds what is certain once this token is known; the rest is held back. An id without a token adds nothing.</summary>
    public abstract void Append(int id, StringBuilder text);

    /// <summary>Adds what was held back.</summary>
    public abstract void Finish(StringBuilder text);
}
