using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>The tasks of a file, and what people should know about how they were read.</summary>
public sealed record TaskFileContent(IReadOnlyList<TrainingTask> Tasks, IReadOnlyList<string> Notes);

/// <summary>Makes tasks of the rows of a file by a layout. Single-use: make one, read once.</summary>
/// <param name="layout">Null: columns <c>prompt</c>, <c>gold</c>, <c>id</c> and <c>family</c>, and no others.</param>
public sealed class TaskTable(string place, TaskLayout? layout)
{
    /// <summary>Beyond them a file is not badly written but another one.</summary>
    private const int MostErrors = 100;
    private static readonly string[] Known = ["id", "family", "prompt", "gold"];

    private readonly ColumnPlan _columns = LayoutPresets.Of(layout);
    private readonly string _duplicates = layout?.Duplicates ?? TaskLayout.KeepDuplicates;
    private readonly List<InputError> _errors = [];
    private readonly List<TrainingTask> _tasks = [];
    private readonly Dictionary<TaskId, string> _placeOf = [];
    private readonly Dictionary<string, (string Gold, string Place)> _byPrompt = new(StringComparer.Ordinal);
    private int _repeated;

    /// <exception cref="InvalidInputException">Every error with its row, at most a hundred.</exception>
    public TaskFileContent Read(IEnumerable<TaskRow> rows)
    {
        var any = false;
        foreach (var row in rows)
        {
            if (row.Value is null) _errors.AddRange(row.Errors);
            else if (!any && Lacking(row) is { } problem) throw new InvalidInputException([.. _errors, problem]);
            else Add(row);
            any = true;
            if (_errors.Count < MostErrors) continue;
            _errors.Add(new InputError(place, "was read no further"));
            break;
        }
        if (_tasks.Count == 0 && _errors.Count == 0) _errors.Add(new InputError(place, "has no tasks; give one row with prompt and gold a task"));
        if (_errors.Count > 0) throw new InvalidInputException(_errors);
        return new TaskFileContent(_tasks, _repeated == 0 ? [] : [$"{place}: {_repeated} rows repeat a prompt and are left out"]);
    }

    /// <summary>A file whose first row lacks a column has other columns, which is one error and not one a row.</summary>
    private InputError? Lacking(TaskRow row)
    {
        var needed = new[] { ("prompt", _columns.Prompt), ("gold", [.. _columns.Gold.Select(gold => gold.Name)]) };
        var lacking = needed.Where(need => !need.Item2.Any(column => row.Find(column) is not null)).ToList();
        if (lacking.Count == 0 || row.Columns.All(Known.Contains)) return null;
        var wanted = string.Join(" and no ", lacking.Select(need => $"column {string.Join(" or ", need.Item2)} for the {need.Item1}"));
        return new InputError(row.Place, $"has no {wanted}, but {string.Join(", ", row.Columns)}: name the columns in a layout, or take a preset ({string.Join(", ", LayoutPresets.Names)})");
    }

    private void Add(TaskRow row)
    {
        var before = _errors.Count;
        var id = Id(row);
        var prompt = Prompt(row);
        var gold = Gold(row);
        if (layout is null)
            foreach (var column in row.Columns.Except(Known)) Refuse(row, column, $"is unknown; known here are {string.Join(", ", Known)}");
        if (_errors.Count > before || IsRepeated(row, prompt!, gold!)) return;
        if (_placeOf.TryAdd(id, row.Place)) _tasks.Add(new TrainingTask(id, Family(row), prompt!, gold!));
        else Refuse(row, "id", $"'{id}' is already that of {_placeOf[id]}; ids must differ");
    }

    private bool IsRepeated(TaskRow row, string prompt, string gold)
    {
        if (_duplicates == TaskLayout.KeepDuplicates || _byPrompt.TryAdd(prompt, (gold, row.Place))) return false;
        var (first, firstPlace) = _byPrompt[prompt];
        if (first != gold && _duplicates == TaskLayout.DropDuplicates)
            Refuse(row, "gold", $"is '{gold}', but '{first}' for the same prompt at {firstPlace}: correct one, or set the layout's duplicates to {TaskLayout.FirstOfDuplicates}");
        _repeated++;
        return true;
    }

    private string? Prompt(TaskRow row)
    {
        if (Required(row, "prompt", _columns.Prompt) is not { } prompt) return null;
        if (layout?.Template is not { } template) return prompt;
        var filled = PromptTemplate.Fill(template, name => name == "prompt" ? prompt : row.Text(name), out var missing);
        foreach (var name in missing) Refuse(row, name, $"is named by the template and has no text; the row has {string.Join(", ", row.Columns)}");
        return filled;
    }

    private string? Gold(TaskRow row)
    {
        if (Required(row, "gold", [.. _columns.Gold.Select(gold => gold.Name)]) is not { } text) return null;
        if (_columns.Gold.First(gold => row.Find(gold.Name) is not null) is not { Extract: { } extract } column) return text;
        if (extract(text) is { Length: > 0 } answer) return answer;
        Refuse(row, column.Name, "is a solution without a final answer");
        return null;
    }

    private string? Required(TaskRow row, string member, IReadOnlyList<string> columns)
    {
        var column = columns.FirstOrDefault(name => row.Find(name) is not null);
        if (column is null) Refuse(row, columns.FirstOrDefault(member), "is missing");
        else if (row.Text(column) is not { } text) Refuse(row, column, $"is a {(row.Find(column)!.Kind == JsonValueKind.Array ? "list" : "structure")}; name a part of it, such as {column}.0.content");
        else if (string.IsNullOrWhiteSpace(text)) Refuse(row, column, "must not be empty");
        else return text;
        return null;
    }

    private TaskId Id(TaskRow row)
    {
        var number = TaskId.Parse(row.Number.ToString("D6", CultureInfo.InvariantCulture));
        if (_columns.Id.Select(row.Text).FirstOrDefault(id => !string.IsNullOrWhiteSpace(id)) is not { } text) return number;
        // Names of other people's rows may have any sign.
        if (layout is not null) text = string.Concat(text.Trim().Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-'));
        if (TaskId.TryParse(text, out var id)) return id;
        Refuse(row, "id", $"'{text}' is not a task id: use 1 to {TaskId.MaxLength} of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit");
        return number;
    }

    private string Family(TaskRow row) => string.Join('/', _columns.Family.Select(row.Text).Where(part => !string.IsNullOrWhiteSpace(part)));

    private void Refuse(TaskRow row, string column, string problem) => _errors.Add(new InputError($"{row.Place} {column}", problem));
}
