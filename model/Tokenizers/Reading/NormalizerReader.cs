using KnapsackCloud.Model.Tokenizers.Normalizing;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const int MaxDepth = 8;

    public static INormalizer[] Read(TokenizerNode? node)
    {
        var steps = new List<INormalizer>();
        if (node is not null) Add(node, steps, depth: 0);
        return [.. steps];
    }

    private static void Add(TokenizerNode node, List<INormalizer> steps, int depth)
    {
        switch (node.Type())
        {
            case "Sequence" when depth < MaxDepth:
                foreach (var step in node.Children("normalizers")) Add(step, steps, depth + 1);
                break;
            case "NFC":
                steps.Add(new NfcNormalizer());
                break;
            case "Prepend":
                steps.Add(new PrependNormalizer(node.RequiredText("prepend", least: 1)));
                break;
            case "Replace":
                steps.Add(new ReplaceNormalizer(LiteralPattern(node), node.RequiredText("content")));
                break;
            case var type:
                node.Refuse("type", $"the normalizer '{type}' is not supported; supported: NFC, Prepend, Replace, Sequence");
                return;
        }

        node.RefuseOthers();
    }

    /// <summary>A pattern that is a plain text, not a regex.</summary>
    public static string LiteralPattern(TokenizerNode node)
    {
        if (node.Child("pattern") is not { } pattern)
        {
            node.Refuse("pattern", "is missing");
            return " ";
        }

        if (pattern.Find("Regex") is null) return pattern.RequiredText("String", least: 1) is { Length: > 0 } text ? text : " ";
        pattern.Refuse("Regex", "only a plain String is supported here");
        return " ";
    }
}
