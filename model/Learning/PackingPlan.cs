using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Cuts a step's groups into minibatches, their shards and microbatches. A cut falls where the sizes come out even; a group
/// it falls into has its prompt computed on both sides, which changes no result. Pure: same input, same plan.
/// </summary>
public static class PackingPlan
{
    /// <summary>
    /// max(1, round(rows / minibatchRows)) minibatches of equally many rows, give or take one, from groups in random order;
    /// each with its token weights.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<PackedGroup>> Minibatches(
        IReadOnlyList<TrainingGroup> groups, int minibatchRows, NormalisationRule normalisation, ulong seed)
    {
        var shuffled = groups.ToArray();
        new CounterRandom(seed).Shuffle<TrainingGroup>(shuffled);
        var rows = shuffled.Sum(group => group.Rows.Count);
        var count = Math.Max(1, (int)Math.Round((double)rows / minibatchRows, MidpointRounding.AwayFromZero));
        var packed = shuffled.Select(group => new PackedGroup(group.PromptIds, [.. group.Rows.Select(row => new WeightedRow(row, 0))])).ToList();
        return [.. Cut(packed, count, (_, _) => 1).Where(minibatch => minibatch.Count > 0).Select(minibatch => Weigh(minibatch, normalisation))];
    }

    /// <summary>Parts of about equal work, some empty when there are fewer rows than shards.</summary>
    public static IReadOnlyList<IReadOnlyList<PackedGroup>> Shards(IReadOnlyList<PackedGroup> minibatch, int count) =>
        Cut(minibatch, count, (group, row) => group.Rows[row].Row.CompletionIds.Length + (row == 0 ? group.PromptIds.Length : 0));

    /// <summary>Passes that each keep within the budget, rows of like length together; a row that alone exceeds it gets its own pass.</summary>
    public static IReadOnlyList<IReadOnlyList<PackedGroup>> Microbatches(IReadOnlyList<PackedGroup> shard, MicrobatchBudget budget)
    {
        var microbatches = new List<IReadOnlyList<PackedGroup>>();
        var open = new OpenMicrobatch(budget);
        foreach (var group in shard.OrderBy(group => group.PromptIds.Length).ThenBy(group => group.Rows.Max(row => row.Inputs)))
        {
            foreach (var row in group.Rows.OrderBy(row => row.Inputs))
            {
                if (open.Fits(group, row)) continue;
                microbatches.Add(open.Groups);
                open = new OpenMicrobatch(budget);
                open.Fits(group, row);
            }
        }

        if (open.Groups.Count > 0) microbatches.Add(open.Groups);
        return microbatches;
    }

    private static List<PackedGroup> Weigh(IReadOnlyList<PackedGroup> minibatch, NormalisationRule normalisation)
    {
        var weights = normalisation.Weights([.. minibatch.Select(group => group.Rows.Select(row => row.Row.CompletionIds.Length).ToArray())]);
        return [.. minibatch.Select((group, g) => group with { Rows = [.. group.Rows.Select((row, i) => row with { TokenWeight = weights[g][i] })] })];
    }

    /// <summary>Cuts the rows, in order, so that each part has about the same cost: a row belongs to the part its middle falls into.</summary>
    private static List<PackedGroup>[] Cut(IReadOnlyList<PackedGroup> groups, int parts, Func<PackedGroup, int, int> cost)
    {
        var cut = Enumerable.Range(0, parts).Select(_ => new List<PackedGroup>()).ToArray();
        long total = groups.Sum(group => Enumerable.Range(0, group.Rows.Count).Sum(row => (long)cost(group, row))), before = 0;
        foreach (var group in groups)
        {
            var partOfRow = new int[group.Rows.Count];
            for (var row = 0; row < partOfRow.Length; row++)
            {
                var own = cost(group, row);
                partOfRow[row] = (int)((2 * before + own) * parts / (2 * total));
                before += own;
            }

            foreach (var part in partOfRow.Distinct())
                cut[part].Add(group with { Rows = [.. group.Rows.Where((_, row) => partOfRow[row] == part)] });
        }

        return cut;
    }

    /// <summary>The microbatch being filled, and the rectangles its attention would have.</summary>
    private sealed class OpenMicrobatch(MicrobatchBudget budget)
    {
        private PackedGroup? _source;
        private long _tokens;
        private long _longestPrompt;
        private long _rows;
        private long _longestCompletion;

        public List<PackedGroup> Groups { get; } = [];

        /// <summary>Adds the row, unless the microbatch has others already and would exceed the budget with it.</summary>
        public bool Fits(PackedGroup group, WeightedRow row)
        {
            var newGroup = !ReferenceEquals(group, _source);
            var tokens = _tokens + row.Inputs + (newGroup ? group.PromptIds.Length : 0);
            var longestPrompt = Math.Max(_longestPrompt, group.PromptIds.Length);
            var longestCompletion = Math.Max(_longestCompletion, row.Inputs);
            var groups = Groups.Count + (newGroup ? 1 : 0);
            var cells = groups * longestPrompt * longestPrompt + (_rows + 1) * longestCompletion * (longestPrompt + longestCompletion);
            if (Groups.Count > 0 && tokens * budget.BytesPerToken + cells * budget.BytesPerScore > budget.Bytes) return false;
            (_source, _tokens, _rows, _longestPrompt, _longestCompletion) = (group, tokens, _rows + 1, longestPrompt, longestCompletion);
            if (newGroup) Groups.Add(group with { Rows = [row] });
            else Groups[^1] = group with { Rows = [.. Groups[^1].Rows, row] };
            return true;
        }
    }
}
