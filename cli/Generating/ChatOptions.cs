using System.CommandLine;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Generating;

/// <summary>How prompts are put before a model, as options of a command.</summary>
internal sealed class ChatOptions
{
    private readonly Option<bool> _chat = new("--chat") { Description = "The prompt is the user's turn of a conversation, written by the model's chat template" };
    private readonly Option<string?> _system = new("--system") { Description = "With --chat: the system's turn before it" };

    public void AddTo(Command command)
    {
        command.Options.Add(_chat);
        command.Options.Add(_system);
    }

    public PromptFormat Read(ParseResult parsed, List<InputError> errors)
    {
        var format = new PromptFormat(parsed.GetValue(_chat), parsed.GetValue(_system));
        if (format is { System: not null, Chat: false }) errors.Add(new InputError("--system", "is a turn of a conversation; it needs --chat"));
        return format;
    }
}
