using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Model.Generation;

/// <summary>Some rollouts of one prompt, by their indices.</summary>
internal readonly record struct PromptSlice(int Prompt, int[] Rollouts);

/// <summary>
/// The rollouts of a request that wait for a place in the batch. Those of a prompt come one after another, and prompts of
/// like length together, so that little is padded. The order depends on the request alone: the same call gives the same
/// batches.
/// </summary>
internal sealed class RolloutQueue(IReadOnlyList<GenerationPrompt> prompts, int maxTokens)
{
    private readonly SortedSet<(int Length, int Prompt, int Rollout)> _waiting =
        [.. prompts.SelectMany((prompt, at) => Enumerable.Range(0, prompt.Seeds.Count).Select(rollout => (prompt.TokenIds.Length, at, rollout)))];

    public int Count => _waiting.Count;

    /// <summary>Prompt of the first in the queue; null when it is empty.</summary>
    public int? NextPrompt => _waiting.Count == 0 ? null : _waiting.Min.Prompt;

    /// <summary>Tokens of the longest waiting prompt.</summary>
    public int LongestPrompt => _waiting.Max.Length;

    /// <summary>The first of the queue, which stay in it.</summary>
    public IReadOnlyList<PromptSlice> First(int rollouts) =>
        [.. _waiting.Take(rollouts).GroupBy(one => one.Prompt).Select(group => new PromptSlice(group.Key, [.. group.Select(one => one.Rollout)]))];

    public void Remove(PromptSlice slice)
    {
        foreach (var rollout in slice.Rollouts) _waiting.Remove((prompts[slice.Prompt].TokenIds.Length, slice.Prompt, rollout));
    }

    /// <summary>Puts a rollout back, at its place in the order.</summary>
    public void Return(int prompt, int rollout) => _waiting.Add((prompts[prompt].TokenIds.Length, prompt, rollout));

    /// <summary>Longest completion of a rollout.</summary>
    public int MaxTokens(int prompt, int rollout) => Math.Min(maxTokens, prompts[prompt].MaxTokens?[rollout] ?? int.MaxValue);

    /// <summary>Positions that the longest waiting rollout needs in the cache: all its tokens but the last, which nothing looks at.</summary>
    public int Slots() => _waiting.Max(one => one.Length + MaxTokens(one.Prompt, one.Rollout) - 1);
}
