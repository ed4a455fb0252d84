namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

internal static class Braces
{
    /// <summary>Where the brace that opens at <paramref name="open"/> closes, escaped braces aside; -1 when it does not.</summary>
    public static int Close(ReadOnlySpan<char> text, int open)
    {
        var depth = 0;
        for (var at = open; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\\':
                    at++;
                    break;
                case '{':
                    depth++;
                    break;
                case '}' when --depth == 0:
                    return at;
            }
        }
        return -1;
    }
}
