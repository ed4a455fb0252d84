using System.CommandLine;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Evaluating;

/// <summary>The options that say what the columns of a task file are, as <c>tasks.layout</c> does in a spec.</summary>
internal sealed class LayoutOptions
{
    private static readonly string[] Members = ["prompt", "gold", "id", "family"];

    private readonly Option<string?> _preset = new("--preset") { Description = $"Columns of a well-known data set: {string.Join(", ", TaskLayout.Presets)}" };
    private readonly Option<string?> _columns = new("--columns") { Description = "Columns by name, such as prompt=question,gold=answer" };
    private readonly Option<string?> _template = new("--template") { Description = "Text around the prompt, such as 'Question: {{prompt}}'" };

    public void AddTo(Command command)
    {
        command.Add(_preset);
        command.Add(_columns);
        command.Add(_template);
    }

    /// <summary>Null when none is given.</summary>
    public TaskLayout? Read(ParseResult parsed, List<InputError> errors)
    {
        var (preset, template) = (parsed.GetValue(_preset), parsed.GetValue(_template));
        if (preset is not null && !TaskLayout.Presets.Contains(preset)) errors.Add(new InputError("--preset", $"'{preset}' is unknown; choose one of {string.Join(", ", TaskLayout.Presets)}"));
        if (template is not null && TaskLayout.TemplateProblem(template) is { } problem) errors.Add(new InputError("--template", problem));
        var columns = Columns(parsed.GetValue(_columns), errors);
        if (preset is null && template is null && columns.Count == 0) return null;
        return new TaskLayout
        {
            Preset = preset,
            Template = template,
            Prompt = columns.GetValueOrDefault("prompt"),
            Gold = columns.GetValueOrDefault("gold"),
            Id = columns.GetValueOrDefault("id"),
            Family = columns.GetValueOrDefault("family"),
        };
    }

    private static Dictionary<string, string> Columns(string? text, List<InputError> errors)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)))
        {
            if (pair.Length != 2 || pair[1].Length == 0 || !Members.Contains(pair[0]) || !columns.TryAdd(pair[0], pair[1]))
                errors.Add(new InputError("--columns", $"'{string.Join('=', pair)}' is none of {string.Join(", ", Members.Select(member => $"{member}=COLUMN"))}, each once"));
        }
        return columns;
    }
}
