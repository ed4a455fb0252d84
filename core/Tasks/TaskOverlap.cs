using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>Evaluation tasks that are trained on measure memory. Prompts are the same when they differ in white space or letter case only.</summary>
public static class TaskOverlap
{
    public const string Refuse = "refuse";
    public const string Drop = "drop";
    public const string Keep = "keep";
    private const int Shown = 5;

    /// <param name="rule"><see cref="Refuse"/>, <see cref="Drop"/> from the training tasks, or <see cref="Keep"/>.</param>
    /// <exception cref="InvalidInputException">They overlap and the rule refuses it.</exception>
    public static TaskSets Settle(string rule, TaskSets sets)
    {
        if (rule == Keep) return sets;
        var evaluated = sets.Evaluation.Select(task => Normal(task.Prompt)).ToHashSet(StringComparer.Ordinal);
        var apart = sets.Training.ToLookup(task => !evaluated.Contains(Normal(task.Prompt)));
        var shared = apart[false].ToList();
        if (shared.Count == 0) return sets;
        if (rule == Drop)
            return sets with { Training = [.. apart[true]], Notes = [.. sets.Notes, $"{shared.Count} training tasks are evaluation tasks too and are left out of the training"] };
        var some = string.Join(", ", shared.Take(Shown).Select(task => task.Id)) + (shared.Count > Shown ? ", ..." : "");
        throw new InvalidInputException("evaluation.tasks", $"{shared.Count} of the {sets.Training.Count} training tasks are there too ({some}): set evaluation.overlap to {Drop}, which leaves them out of the training, or to {Keep}");
    }

    private static string Normal(string prompt) =>
        string.Join(' ', prompt.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
}
