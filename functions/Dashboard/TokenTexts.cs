using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>Completions as text, token by token. Thread-safe.</summary>
internal sealed class TokenTexts(ITokenizer tokenizer)
{
    private const char Unfinished = '\uFFFD';

    /// <summary>
    /// One piece a token, which joined are the text. A token that leaves a character unfinished, or is special, has an empty
    /// piece. Each is decoded behind the one before it, since tokenizers may write the first token of a text differently.
    /// </summary>
    public string[] Pieces(ReadOnlySpan<int> ids)
    {
        var pieces = new string[ids.Length];
        var (start, next, before) = (0, 0, "");
        for (var i = 0; i < ids.Length; i++)
        {
            var text = tokenizer.Decode(ids[start..(i + 1)]);
            var isWhole = i == ids.Length - 1 || !text.EndsWith(Unfinished);
            pieces[i] = isWhole && text.Length > before.Length ? text[before.Length..] : "";
            if (!isWhole) continue;
            (start, next) = (next, i + 1);
            before = tokenizer.Decode(ids[start..next]);
        }
        return pieces;
    }
}
