using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

public class WorkItemSplitterTests
{
    private static readonly Gen<GroupDemand[]> Groups =
        from parts in Gen.Select(Gen.Int[0, 40], Gen.Double[0.5, 500]).Array[0, 30]
        select parts.Select((part, i) => new GroupDemand(TaskId.Parse($"t{i}"), part.Item1, part.Item2)).ToArray();

    private static readonly Gen<SplittingSpec> Splitting =
        Gen.Select(Gen.Int[1, 20_000], Gen.Int[1, 8]).Select((tokens, items) => new SplittingSpec { ItemTokens = tokens, MinItems = items });

    [Fact]
    public void Every_rollout_is_in_exactly_one_item() =>
        Gen.Select(Groups, Splitting).Sample((groups, splitting) =>
        {
            var items = WorkItemSplitter.Split(groups, WorkPurpose.Training, splitting);
            var rollouts = items.SelectMany(item => item.Chunks).SelectMany(chunk => Enumerable.Range(chunk.First, chunk.Count).Select(i => (chunk.Task, i))).ToArray();
            var wanted = groups.SelectMany(group => Enumerable.Range(0, group.Rollouts).Select(i => (group.Task, i)));
            Assert.Equal(rollouts.Length, rollouts.Distinct().Count());
            Assert.Equal(wanted.ToHashSet(), [.. rollouts]);
        });

    [Fact]
    public void Items_keep_the_limit_and_their_number_and_none_is_empty() =>
        Gen.Select(Groups, Splitting).Sample((groups, splitting) =>
        {
            var items = WorkItemSplitter.Split(groups, WorkPurpose.Training, splitting);
            Assert.True(items.Count >= Math.Min(splitting.MinItems, groups.Sum(group => group.Rollouts)));
            Assert.All(items, item => Assert.True(item.Rollouts == 1 || (item.Rollouts > 1 && item.PredictedTokens <= splitting.ItemTokens * (1 + 1e-9))));
            Assert.All(items, item => Assert.Equal(item.Chunks.Sum(chunk => chunk.Count * groups.First(group => group.Task == chunk.Task).TokensPerRollout), item.PredictedTokens, 1e-6));
        });

    [Fact]
    public void Workers_finish_together() =>
        (from lengths in Gen.Double[20, 60].Array[16, 64]
         from counts in Gen.Int[2, 32].Array[lengths.Length]
         from workers in Gen.Int[1, 8]
         select (lengths, counts, workers)).Sample(step =>
         {
             var groups = step.lengths.Select((length, i) => new GroupDemand(TaskId.Parse($"t{i}"), step.counts[i], length)).ToArray();
             var items = WorkItemSplitter.Split(groups, WorkPurpose.Training, new SplittingSpec { MinItems = step.workers });
             var average = items.Average(item => item.PredictedTokens);
             Assert.All(items, item => Assert.InRange(item.PredictedTokens, average * 0.95 - 120, average * 1.05 + 120));
             Assert.Equal(step.workers, items.Count);
             Assert.True(items.Sum(item => item.Chunks.Count) <= groups.Length + (4 * step.workers), "groups are cut needlessly");
         });

    [Fact]
    public void A_group_that_fits_is_not_split()
    {
        var groups = Enumerable.Range(0, 8).Select(i => new GroupDemand(TaskId.Parse($"t{i}"), 8, 10)).ToArray();
        var items = WorkItemSplitter.Split(groups, WorkPurpose.Training, new SplittingSpec { MinItems = 2 });
        Assert.Equal(["t000", "t001"], items.Select(item => item.Id));
        Assert.All(items.SelectMany(item => item.Chunks), chunk => Assert.Equal(8, chunk.Count));
    }

    [Fact]
    public void One_large_group_is_shared_by_all_workers()
    {
        var items = WorkItemSplitter.Split([new GroupDemand(TaskId.Parse("a"), 64, 100)], WorkPurpose.Evaluation, new SplittingSpec { MinItems = 4 });
        Assert.Equal([16, 16, 16, 16], items.Select(item => item.Rollouts));
        Assert.Equal(["e000", "e001", "e002", "e003"], items.Select(item => item.Id));
    }

    [Fact]
    public void The_order_of_the_groups_does_not_matter() =>
        Gen.Select(Groups, Splitting).Sample((groups, splitting) =>
            Assert.Equal(
                WorkItemSplitter.Split(groups, WorkPurpose.Training, splitting).SelectMany(item => item.Chunks),
                WorkItemSplitter.Split([.. groups.Reverse()], WorkPurpose.Training, splitting).SelectMany(item => item.Chunks)));

    [Fact]
    public void No_rollouts_need_no_items() =>
        Assert.Empty(WorkItemSplitter.Split([new GroupDemand(TaskId.Parse("a"), 0, 7)], WorkPurpose.Training, new SplittingSpec()));
}
