using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">As the template knows it: system, user, assistant.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>
/// How a model wants conversations written: the Jinja template of its tokenizer, rendered as transformers does. Does what the
/// templates of Qwen and Llama models use and refuses the rest. Thread-safe.
/// </summary>
public sealed class ChatTemplate
{
    private const string TemplateName = "chat_template.jinja";
    private const string Member = "chat_template";
    /// <summary>The longest published ones have some 10,000 characters.</summary>
    private const int LongestTemplate = 1 << 20;

    private readonly IReadOnlyList<TemplateStatement> _statements;
    private readonly IReadOnlyDictionary<string, object?> _globals;

    private ChatTemplate(IReadOnlyList<TemplateStatement> statements, IReadOnlyDictionary<string, object?> globals) =>
        (_statements, _globals) = (statements, globals);

    /// <param name="specialTokens">Such as bos_token, by the name that templates use.</param>
    /// <exception cref="TemplateException">Not Jinja, or beyond what this program does; with the line.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens)
    {
        if (source.Length > LongestTemplate) throw new TemplateException(1, $"the template has more than {LongestTemplate} characters");
        var globals = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, function) in TemplateFunctions.All) globals[name] = function;
        foreach (var (name, token) in specialTokens) globals[name] = token;
        return new ChatTemplate(TemplateParser.Parse(source), globals);
    }

    /// <summary>The template of a model folder: chat_template.jinja, or the one in tokenizer_config.json. Null when it has none.</summary>
    /// <exception cref="InvalidInputException">A file is damaged, or the template is not one that this program can render.</exception>
    public static ChatTemplate? Load(string folder)
    {
        var configPath = Path.Combine(folder, TokenizerFiles.Config);
        using var config = File.Exists(configPath) ? JsonFile.Read(configPath) : null;
        var path = Path.Combine(folder, TemplateName);
        var source = File.Exists(path) ? File.ReadAllText(path) : config is null ? null : InConfig(config.RootElement);
        if (source is null) return null;
        try
        {
            return Parse(source, config is null ? new Dictionary<string, string>() : SpecialTokens(config.RootElement));
        }
        catch (TemplateException e)
        {
            throw new InvalidInputException(File.Exists(path) ? path : $"{configPath} {Member}", e.Message);
        }
    }

    /// <summary>The conversation as text; special tokens in it are to be recognised when it is encoded.</summary>
    /// <param name="addGenerationPrompt">With the beginning of the assistant's answer at the end.</param>
    /// <param name="variables">What else the template is told, such as enable_thinking.</param>
    /// <exception cref="TemplateException">The template refuses the messages, or does what values do not allow; with the line.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true, IReadOnlyDictionary<string, bool>? variables = null)
    {
        var scope = new TemplateScope(new RenderBudget());
        foreach (var (name, value) in _globals) scope[name] = value;
        foreach (var (name, value) in variables ?? new Dictionary<string, bool>()) scope[name] = value;
        scope["messages"] = messages.Select(message => (object?)new OrderedDictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content }).ToList();
        scope["add_generation_prompt"] = addGenerationPrompt;
        scope["tools"] = null;
        scope["documents"] = null;
        var output = new StringBuilder();
        foreach (var statement in _statements) statement.Run(scope, output);
        return output.ToString();
    }

    /// <summary>A text, or several with names of which "default" counts.</summary>
    private static string? InConfig(JsonElement config)
    {
        if (!config.TryGetProperty(Member, out var template)) return null;
        if (template.ValueKind == JsonValueKind.String) return template.GetString();
        if (template.ValueKind != JsonValueKind.Array) return null;
        foreach (var item in template.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && Text(item, "name") == "default") return Text(item, "template");
        }

        return null;
    }

    private static Dictionary<string, string> SpecialTokens(JsonElement config)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in new[] { "bos_token", "eos_token", "unk_token", "pad_token" })
        {
            if (!config.TryGetProperty(name, out var value)) continue;
            var text = value.ValueKind == JsonValueKind.Object ? Text(value, "content") : value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (text is not null) tokens[name] = text;
        }

        return tokens;
    }

    private static string? Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
