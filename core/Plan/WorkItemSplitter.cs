using System.Globalization;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>Rollouts of one task, and how long one is expected to be; above 0.</summary>
/// <param name="First">Index of the first one: those before it were planned in earlier rounds.</param>
public readonly record struct GroupDemand(TaskId Task, int Rollouts, double TokensPerRollout, int First = 0);

/// <summary>
/// Cuts a step's groups into work items of at most the wanted tokens, at least the wanted number of items, so that workers
/// finish together: longest group first onto the emptiest item, then parts of groups move from the fullest item to the
/// emptiest until they are level. A group is in more than one item only where the limit or the level asks for it.
/// </summary>
public static class WorkItemSplitter
{
    /// <summary>Items whose tokens differ by less than this share of an average item are level.</summary>
    private const double LevelShare = 0.05;

    /// <summary>Every rollout is in exactly one item; the order of the groups does not matter.</summary>
    /// <returns>Items <c>t000</c>, <c>t001</c> ... for training (<c>r02-t000</c> in the second round), <c>e000</c> ... for evaluation; none when there are no rollouts.</returns>
    public static IReadOnlyList<WorkItem> Split(IReadOnlyList<GroupDemand> groups, WorkPurpose purpose, SplittingSpec splitting, int round = 1)
    {
        foreach (var group in groups)
            if (group.Rollouts < 0 || !(group.TokensPerRollout > 0 && double.IsFinite(group.TokensPerRollout)))
                throw new ArgumentException($"task {group.Task} asks for {group.Rollouts} rollouts of {group.TokensPerRollout} tokens", nameof(groups));
        var wanted = groups.Where(group => group.Rollouts > 0)
            .OrderByDescending(group => group.Rollouts * group.TokensPerRollout).ThenBy(group => group.Task).ToArray();
        var rollouts = wanted.Sum(group => (long)group.Rollouts);
        if (rollouts == 0)
            return [];
        var tokens = wanted.Sum(group => group.Rollouts * group.TokensPerRollout);
        var count = (long)Math.Min(rollouts, Math.Max(Math.Max(1, splitting.MinItems), Math.Ceiling(tokens / splitting.ItemTokens)));
        var bins = Pack(wanted, (int)count);
        while (count < rollouts && bins.Any(bin => bin.Tokens > splitting.ItemTokens && bin.Rollouts > 1))
        {
            count = Math.Min(rollouts, count + 1 + (count / 50));
            bins = Pack(wanted, (int)count);
        }

        var letter = purpose == WorkPurpose.Training ? "t" : "e";
        return Name(wanted, bins, round == 1 ? letter : string.Create(CultureInfo.InvariantCulture, $"r{round:D2}-{letter}"), purpose, round);
    }

    private static Bin[] Pack(GroupDemand[] groups, int count)
    {
        var bins = new Bin[count];
        var emptiest = new PriorityQueue<Bin, (double, int)>();
        for (var i = 0; i < count; i++)
            emptiest.Enqueue(bins[i] = new Bin(i), (0, i));
        for (var group = 0; group < groups.Length; group++)
        {
            var bin = emptiest.Dequeue();
            bin.Add(group, groups[group].Rollouts, groups[group].TokensPerRollout);
            emptiest.Enqueue(bin, (bin.Tokens, bin.Index));
        }

        LevelOut(groups, bins);
        return bins;
    }

    private static void LevelOut(GroupDemand[] groups, Bin[] bins)
    {
        var slack = LevelShare * bins.Sum(bin => bin.Tokens) / bins.Length;
        var order = new SortedSet<Bin>(bins);
        // Each move fills one item up or empties one down to the middle; the bound only guards against rounding.
        for (var moves = 0; moves < 16 * bins.Length; moves++)
        {
            var least = order.Min!;
            var most = order.Reverse().FirstOrDefault(bin => bin.Rollouts > 1);
            if (most is null || most == least || (most.Tokens - least.Tokens <= slack && least.Rollouts > 0))
                return;
            order.Remove(least);
            order.Remove(most);
            var moved = Move(groups, most, least);
            order.Add(least);
            order.Add(most);
            if (!moved)
                return;
        }
    }

    /// <summary>Moves half the difference, from the group that comes nearest to it.</summary>
    private static bool Move(GroupDemand[] groups, Bin from, Bin to)
    {
        var half = (from.Tokens - to.Tokens) / 2;
        (int Group, int Count, double Tokens) best = default;
        foreach (var (group, rollouts) in from.Groups)
        {
            var each = groups[group].TokensPerRollout;
            var count = Math.Min(Math.Min(rollouts, from.Rollouts - 1), (int)((half / each) + 1e-9));
            if (count * each > best.Tokens)
                best = (group, count, count * each);
        }

        if (best.Count == 0)
            return false;
        from.Add(best.Group, -best.Count, groups[best.Group].TokensPerRollout);
        to.Add(best.Group, best.Count, groups[best.Group].TokensPerRollout);
        return true;
    }

    private static WorkItem[] Name(GroupDemand[] groups, Bin[] bins, string prefix, WorkPurpose purpose, int round)
    {
        var first = Array.ConvertAll(groups, group => group.First);
        return Array.ConvertAll(bins, bin => new WorkItem(
            prefix + bin.Index.ToString("D3", CultureInfo.InvariantCulture),
            purpose,
            [.. bin.Groups.OrderBy(part => groups[part.Key].Task).Select(part => Chunk(part.Key, part.Value))],
            bin.Groups.Sum(part => part.Value * groups[part.Key].TokensPerRollout))
        {
            Round = round,
        });

        GroupChunk Chunk(int group, int count)
        {
            first[group] += count;
            return new GroupChunk(groups[group].Task, first[group] - count, count);
        }
    }

    private sealed class Bin(int index) : IComparable<Bin>
    {
        public int Index { get; } = index;
        public double Tokens { get; private set; }
        public int Rollouts { get; private set; }
        /// <summary>Rollouts by position of the group.</summary>
        public SortedDictionary<int, int> Groups { get; } = [];

        public void Add(int group, int count, double tokensEach)
        {
            var held = Groups.GetValueOrDefault(group) + count;
            if (held == 0)
                Groups.Remove(group);
            else
                Groups[group] = held;
            Rollouts += count;
            Tokens += count * tokensEach;
        }

        public int CompareTo(Bin? other) =>
            other is null ? 1 : Tokens != other.Tokens ? Tokens.CompareTo(other.Tokens) : Index.CompareTo(other.Index);
    }
}
