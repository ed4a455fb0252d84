using System.Text;

namespace KnapsackCloud.Core.Tasks;

/// <summary>A text with <c>{{column}}</c> in it. Single braces are text, as LaTeX needs them.</summary>
internal static class PromptTemplate
{
    private const string Open = "{{";
    private const string Close = "}}";

    /// <summary>Why it cannot be filled in, or null.</summary>
    public static string? Problem(string template)
    {
        for (var at = 0; (at = template.IndexOf(Open, at, StringComparison.Ordinal)) >= 0; at += Open.Length)
            if (template.IndexOf(Close, at, StringComparison.Ordinal) < 0) return "has '{{' without '}}'; write columns as {{prompt}}";
        return template.Contains(Open, StringComparison.Ordinal) ? null : "names no column; write for example {{prompt}}";
    }

    /// <param name="template">One without a <see cref="Problem"/>.</param>
    /// <param name="column">Text of a column by name, or null.</param>
    /// <param name="missing">Names that have no text.</param>
    public static string Fill(string template, Func<string, string?> column, out IReadOnlyList<string> missing)
    {
        var text = new StringBuilder(template.Length);
        var absent = new List<string>();
        var at = 0;
        for (int open; (open = template.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            var close = template.IndexOf(Close, open, StringComparison.Ordinal);
            var name = template[(open + Open.Length)..close].Trim();
            if (column(name) is not { } value) absent.Add(name);
            else text.Append(template, at, open - at).Append(value);
            at = close + Close.Length;
        }
        missing = absent;
        return text.Append(template, at, template.Length - at).ToString();
    }
}
