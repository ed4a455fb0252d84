using System.Buffers;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>What the small model of <c>warmup:arithmetic</c> can read and write: with two special tokens, its vocabulary.</summary>
public static class WarmupAlphabet
{
    public const string Characters = "0123456789+-*=";
    private static readonly SearchValues<char> Known = SearchValues.Create(Characters);
    internal const string Source = "warmup:";

    /// <summary>Why the model cannot be asked these tasks, or null.</summary>
    /// <param name="member">That names them.</param>
    internal static string? Problem(string member, IReadOnlyList<TrainingTask> tasks)
    {
        var beyond = tasks.Where(task => task.Prompt.AsSpan().ContainsAnyExcept(Known)).ToList();
        if (beyond.Count == 0) return null;
        var first = beyond[0].Prompt;
        var letter = first[first.AsSpan().IndexOfAnyExcept(Known)];
        return $"is a warm-up, whose model knows no characters but {Characters}; {beyond.Count} of the {tasks.Count} prompts of {member} have others, such as '{letter}' in task {beyond[0].Id}: "
            + "take a model folder (hf:FOLDER), or tasks of arithmetic:... or chain-sums:...";
    }
}
