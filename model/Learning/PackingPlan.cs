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
        var packed = shuffled.Select(group => new PackedGroup(group.PromptIds, [.. group.Rows.Select(row => new WeightedRow(row, 0))]) { Task = group.Task }).ToList();
        return [.. Cut(packed, count, (_, _) => 1).Where(minibatch => minibatch.Count > 0).Select(minibatch => Weigh(minibatch, normalisation))];
    }

    /// <summary>Parts of about equal work, some empty when there are fewer rows than shards.</summary>
    public static IReadOnlyList<IReadOnlyList<PackedGroup>> Shards(IReadOnlyList<PackedGroup> minibatch, int count) =>
        Cut(minibatch, count, (group, row) => group.Rows[row].Row.CompletionIds.Length + (row == 0 ? group.PromptIds.Length : 0));

    /// <summary>
    /// Passes that each keep within the budget, groups of like length together; a row that alone exceeds it gets its own pass. A
    /// group that would fit a pass of its own is never cut: each cut computes its prompt once more.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<PackedGroup>> Microbatches(IReadOnlyList<PackedGroup> shard, MicrobatchBudget budget)
    {
        var microbatches = new List<IReadOnlyList<PackedGroup>>();
        var open = new OpenMicrobatch(budget);
        foreach (var group in shard.OrderBy(group => group.PromptIds.Length).ThenBy(group => group.Rows.Max(row => row.Inputs)))
        {
            if (open.TryAdd(group, group.Rows)) continue;
            Close();
            if (open.TryAdd(group, group.Rows)) continue;
            foreach (var row in group.Rows.OrderBy(row => row.Inputs))
            {
                if (open.TryAdd(group, [row])) continue;
                Close();
                open.TryAdd(group, [row]);
            }
        }

        Close();
        return microbatches;

        void Close()
        {
            if (open.Groups.Count > 0) microbatches.Add(open.Groups);
            open = new OpenMicrobatch(budget);
        }
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

    /// <summary>The microbatch being filled.</summary>
    private sealed class OpenMicrobatch(MicrobatchBudget budget)
    {
        private PackedGroup? _source;
        private long _bytes;

        public List<PackedGroup> Groups { get; } = [];

        /// <summary>Adds rows of a group, unless the budget would be exceeded. A single row is always taken by an empty microbatch.</summary>
        public bool TryAdd(PackedGroup group, IReadOnlyList<WeightedRow> rows)
        {
            var newGroup = !ReferenceEquals(group, _source);
            var prompt = group.PromptIds.Length;
            var bytes = _bytes + rows.Sum(row => budget.RowBytes(prompt, row.Inputs)) + (newGroup ? budget.PromptBytes(prompt) : 0);
            if (bytes > budget.Bytes && (Groups.Count > 0 || rows.Count > 1)) return false;
            (_source, _bytes) = (group, bytes);
            if (newGroup) Groups.Add(group with { Rows = rows });
            else Groups[^1] = group with { Rows = [.. Groups[^1].Rows, .. rows] };
            return true;
        }
    }
}
