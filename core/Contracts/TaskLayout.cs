using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Contracts;

/// <summary>
/// Which columns of a task file say what. A column is a name, or a path into a nested value such as <c>prompt.0.content</c>;
/// what is null is as the preset has it, or else a column of the member's own name.
/// </summary>
public sealed record TaskLayout
{
    /// <summary>Rows whose prompt and gold answer are there already are left out; one with another gold answer is an error.</summary>
    public const string DropDuplicates = "drop";
    /// <summary>The first row of a prompt counts, whatever the others say.</summary>
    public const string FirstOfDuplicates = "first";
    public const string KeepDuplicates = "keep";

    /// <summary>Every preset there is.</summary>
    public static IReadOnlyList<string> Presets => LayoutPresets.Names;

    /// <summary>Columns of a well-known data set, one of <see cref="Presets"/>.</summary>
    public string? Preset { get; init; }
    public string? Prompt { get; init; }
    public string? Gold { get; init; }
    /// <summary>Absent: the row's number.</summary>
    public string? Id { get; init; }
    /// <summary>One column or several, with commas between, whose values are joined by '/'.</summary>
    public string? Family { get; init; }
    /// <summary>Text put before the model, with <c>{{prompt}}</c> and any other <c>{{column}}</c> filled in.</summary>
    public string? Template { get; init; }
    public string Duplicates { get; init; } = DropDuplicates;

    /// <summary>Why a text is no <see cref="Template"/>, or null.</summary>
    public static string? TemplateProblem(string template) => PromptTemplate.Problem(template);

    internal static TaskLayout Read(ObjectReader reader) => new()
    {
        Preset = reader.OptionalChoice("preset", Presets),
        Prompt = reader.OptionalText("prompt"),
        Gold = reader.OptionalText("gold"),
        Id = reader.OptionalText("id"),
        Family = reader.OptionalText("family"),
        Template = ReadTemplate(reader),
        Duplicates = reader.Choice("duplicates", DropDuplicates, [DropDuplicates, FirstOfDuplicates, KeepDuplicates]),
    };

    private static string? ReadTemplate(ObjectReader reader)
    {
        var template = reader.OptionalText("template");
        if (template is not null && TemplateProblem(template) is { } problem) reader.Refuse("template", problem);
        return template;
    }
}
