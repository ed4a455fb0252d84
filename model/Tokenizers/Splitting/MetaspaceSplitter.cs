namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>Starts a piece at the sign that stands for a space.</summary>
/// <param name="everySign">False: a run of signs stays together and starts one piece.</param>
internal sealed class MetaspaceSplitter(char sign, bool everySign) : ISplitter
{
    public int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        var at = start + 1;
        if (!everySign && text[start] == sign) while (at < text.Length && text[at] == sign) at++;
        var next = text[at..].IndexOf(sign);
        return next < 0 ? text.Length : at + next;
    }
}
