using System.Text.Json;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>Reads <c>post_processor</c>: which special tokens go around a text.</summary>
internal static class TemplateReader
{
    private const int MaxDepth = 8;

    public static TemplateTokens Read(TokenizerNode? node)
    {
        var found = new List<TemplateTokens>();
        if (node is not null) Add(node, found, depth: 0);
        if (found.Count > 1) node!.Refuse("", "has more than one template");
        return found.Count == 1 ? found[0] : TemplateTokens.None;
    }

    private static void Add(TokenizerNode node, List<TemplateTokens> found, int depth)
    {
        switch (node.Type())
        {
            case "Sequence" when depth < MaxDepth:
                foreach (var step in node.Children("processors")) Add(step, found, depth + 1);
                break;
            case "ByteLevel":
                // It moves offsets, never tokens.
                node.Ignore("add_prefix_space", "trim_offsets", "use_regex");
                break;
            case "TemplateProcessing":
                found.Add(ReadTemplate(node));
                break;
            case var type:
                node.Refuse("type", $"the post-processor '{type}' is not supported; supported: ByteLevel, Sequence, TemplateProcessing");
                return;
        }

        node.RefuseOthers();
    }

    private static TemplateTokens ReadTemplate(TokenizerNode node)
    {
        var (before, after) = (new List<int>(), new List<int>());
        var texts = 0;
        var special = node.Child("special_tokens");
        foreach (var part in node.Children("single"))
        {
            if (part.Child("SpecialToken") is { } token) (texts == 0 ? before : after).AddRange(Ids(special, token));
            else if (part.Child("Sequence") is not null) texts++;
            else part.Refuse("", "must be a SpecialToken or a Sequence");
        }

        if (texts != 1) node.Refuse("single", $"has the text {texts} times, but must have it once");
        // Pairs of texts are not encoded here.
        node.Ignore("pair");
        return new TemplateTokens([.. before], [.. after]);
    }

    private static List<int> Ids(TokenizerNode? special, TokenizerNode token)
    {
        var name = token.RequiredText("id");
        if (special?.Child(name) is not { } named)
        {
            token.Refuse("id", $"'{name}' is not among the special_tokens");
            return [];
        }

        var ids = new List<int>();
        foreach (var id in named.Array("ids"))
        {
            if (id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number is >= 0 and <= BpeVocabulary.MaxId) ids.Add(number);
            else named.Refuse("ids", $"must be whole numbers from 0 to {BpeVocabulary.MaxId}");
        }

        return ids;
    }
}
