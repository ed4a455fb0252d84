using KnapsackCloud.Model.Tokenizers.Added;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>Reads <c>added_tokens</c>.</summary>
internal static class AddedTokenReader
{
    /// <param name="vocabulary">The model's; an added token may be one of its tokens, with the same id, and share no other's.</param>
    public static IReadOnlyList<AddedToken> Read(TokenizerNode root, BpeVocabulary vocabulary)
    {
        var tokens = new List<AddedToken>();
        if (root.Find("added_tokens") is null) return tokens;
        var contents = new HashSet<string>(StringComparer.Ordinal);
        var ids = new HashSet<int>();
        foreach (var node in root.Children("added_tokens"))
        {
            var token = ReadOne(node);
            if (!contents.Add(token.Content)) node.Refuse("content", $"'{token.Content}' is there twice");
            if (!ids.Add(token.Id)) node.Refuse("id", $"{token.Id} is there twice");
            if (vocabulary.Conflict(token.Content, token.Id) is { } conflict) node.Refuse("id", conflict);
            tokens.Add(token);
        }

        return tokens;
    }

    private static AddedToken ReadOne(TokenizerNode node)
    {
        var special = node.Flag("special", missing: false);
        var token = new AddedToken(
            node.Integer("id", 0, BpeVocabulary.MaxId),
            node.RequiredText("content", least: 1),
            node.Flag("single_word", missing: false),
            node.Flag("lstrip", missing: false),
            node.Flag("rstrip", missing: false),
            node.Flag("normalized", missing: !special),
            special);
        node.RefuseOthers();
        return token;
    }
}
