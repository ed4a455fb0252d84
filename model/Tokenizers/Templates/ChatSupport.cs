using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>A tokenizer's chat template, or why it has none that can be used: only who asks for a conversation is refused.</summary>
internal sealed record ChatSupport(ChatTemplate? Template, string Problem)
{
    public static ChatSupport None { get; } = new(null, "the tokenizer has no chat template");

    public static ChatSupport From(string folder)
    {
        try
        {
            return ChatTemplate.Load(folder) is { } template ? new ChatSupport(template, "") : None;
        }
        catch (InvalidInputException e)
        {
            return new ChatSupport(null, $"the chat template cannot be used: {e.Message}");
        }
    }

    /// <summary>A user's turn up to the beginning of the answer.</summary>
    /// <exception cref="FormatException">There is no template, or it refuses the turns.</exception>
    public string Write(string user, string? system)
    {
        if (Template is null) throw new FormatException(Problem);
        try
        {
            return Template.Render(system is null ? [new("user", user)] : [new("system", system), new("user", user)]);
        }
        catch (TemplateException e)
        {
            throw new FormatException($"the chat template, {e.Message}", e);
        }
    }
}
