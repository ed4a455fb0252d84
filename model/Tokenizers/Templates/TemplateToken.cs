namespace KnapsackCloud.Model.Tokenizers.Templates;

internal enum TemplateTokenKind
{
    Name,
    Text,
    Number,
    Operator,
    /// <summary>The tag is over.</summary>
    End,
}

/// <summary>A word of an expression.</summary>
/// <param name="Text">Of a string: its characters, without quotes and escapes.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line)
{
    public bool Is(string text) => Kind is TemplateTokenKind.Operator or TemplateTokenKind.Name && Text == text;

    public override string ToString() => Kind == TemplateTokenKind.End ? "the end of the tag" : $"'{Text}'";
}

/// <summary>A piece of a template: plain text, or a tag with the words in it.</summary>
/// <param name="Tag">Null is plain text.</param>
internal sealed record TemplatePiece(TemplateTag? Tag, string Text, IReadOnlyList<TemplateToken> Tokens, int Line);

internal enum TemplateTag
{
    /// <summary><c>{{ }}</c>: writes a value.</summary>
    Output,
    /// <summary><c>{% %}</c>.</summary>
    Statement,
}
