using KnapsackCloud.Model.Tokenizers.Splitting;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>What the Metaspace pre-tokenizer and decoder have in common.</summary>
internal static class Metaspace
{
    public static char Sign(TokenizerNode node) => node.RequiredText("replacement", least: 1, most: 1) is [var sign, ..] ? sign : '▁';

    /// <summary>Newer files say when, older ones whether.</summary>
    public static PrependScheme Scheme(TokenizerNode node)
    {
        var byDefault = node.Flag("add_prefix_space", missing: true) ? PrependScheme.Always : PrependScheme.Never;
        switch (node.Text("prepend_scheme"))
        {
            case null: return byDefault;
            case "always": return PrependScheme.Always;
            case "first": return PrependScheme.First;
            case "never": return PrependScheme.Never;
            case var other:
                node.Refuse("prepend_scheme", $"'{other}' is not supported; supported: always, first, never");
                return byDefault;
        }
    }
}
