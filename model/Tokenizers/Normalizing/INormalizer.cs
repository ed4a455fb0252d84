namespace KnapsackCloud.Model.Tokenizers.Normalizing;

/// <summary>One normalisation step of a tokenizer.json. Pure.</summary>
internal interface INormalizer
{
    string Apply(string text);
}

/// <summary>Puts a text in front of every text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public string Apply(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces every occurrence of a text.</summary>
internal sealed class ReplaceNormalizer(string pattern, string content) : INormalizer
{
    public string Apply(string text) => text.Replace(pattern, content, StringComparison.Ordinal);
}

/// <summary>Unicode normalisation form C.</summary>
internal sealed class NfcNormalizer : INormalizer
{
    public string Apply(string text) => CanonicalComposition.Normalize(text);
}
