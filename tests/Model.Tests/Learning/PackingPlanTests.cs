using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;

namespace KnapsackCloud.Model.Tests.Learning;

public class PackingPlanTests
{
    [Theory]
    [InlineData(10, 27, 2)]
    [InlineData(10, 3, 1)]
    [InlineData(1, 32, 1)]
    [InlineData(8, 8, 1)]
    [InlineData(12, 16, 2)]
    [InlineData(40, 32, 10)]
    public void A_step_has_as_many_minibatches_as_its_rows_fill(int groups, int rowsPerGroup, int minibatches)
    {
        var step = Enumerable.Range(0, groups).Select(i => Group(i, rowsPerGroup)).ToList();

        var plan = PackingPlan.Minibatches(step, 128, LearningSamples.TokenMean, seed: 1);

        Assert.Equal(minibatches, plan.Count);
        var sizes = plan.Select(minibatch => minibatch.Sum(group => group.Rows.Count)).ToList();
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
    }

    [Fact]
    public void Every_row_is_in_exactly_one_minibatch_shard_and_microbatch_with_its_own_prompt() =>
        (from groups in LearningSamples.TrainingGroups from rows in Gen.Int[1, 20] from bytes in Gen.Long[1, 2000] select (groups, rows, bytes)).Sample(sample =>
        {
            var passes = PackingPlan.Minibatches(sample.groups, sample.rows, LearningSamples.TokenMean, seed: 3)
                .SelectMany(minibatch => PackingPlan.Shards(minibatch, 2))
                .SelectMany(shard => PackingPlan.Microbatches(shard, new MicrobatchBudget(sample.bytes, 10, 1)));
            var seen = passes.SelectMany(pass => pass.SelectMany(group => group.Rows.Select(row => (group.PromptIds, row.Row)))).ToHashSet();
            var wanted = sample.groups.SelectMany(group => group.Rows.Select(row => (group.PromptIds, row))).ToHashSet();
            Assert.Equal(sample.groups.Sum(group => group.Rows.Count), passes.Sum(pass => pass.Sum(group => group.Rows.Count)));
            Assert.True(seen.SetEquals(wanted));
        });

    [Fact]
    public void Weights_of_each_minibatch_sum_to_1() =>
        (from groups in LearningSamples.TrainingGroups from normalisation in Gen.Enum<LossNormalisation>().Where(normalisation => normalisation != LossNormalisation.Constant) select (groups, normalisation)).Sample(sample =>
        {
            foreach (var minibatch in PackingPlan.Minibatches(sample.groups, 4, new NormalisationRule(sample.normalisation), seed: 3))
                Assert.Equal(1, minibatch.Sum(group => group.Rows.Sum(row => row.TokenWeight * row.Row.CompletionIds.Length)), 9);
        });

    [Fact]
    public void The_order_of_the_groups_is_drawn_by_the_seed_alone()
    {
        var groups = Enumerable.Range(0, 12).Select(i => Group(i, 4)).ToList();

        Assert.Equal(Order(7), Order(7));
        Assert.NotEqual(Order(7), Order(8));

        IEnumerable<int> Order(ulong seed) =>
            PackingPlan.Minibatches(groups, 16, LearningSamples.TokenMean, seed).SelectMany(minibatch => minibatch.Select(group => group.PromptIds[0]));
    }

    [Fact]
    public void Shards_get_equal_work_also_from_one_large_group()
    {
        var minibatch = PackingPlan.Minibatches([Group(0, 30), Group(1, 2)], 128, LearningSamples.TokenMean, seed: 1)[0];

        var rows = PackingPlan.Shards(minibatch, 2).Select(shard => shard.Sum(group => group.Rows.Count));

        Assert.All(rows, count => Assert.InRange(count, 14, 18));
    }

    [Fact]
    public void Layers_made_again_need_the_memory_of_one_with_its_gradients_and_what_goes_into_the_others()
    {
        var deep = TestModels.Config with { NumHiddenLayers = 24 };
        MicrobatchBudget kept = MicrobatchBudget.For(deep, 1), again = MicrobatchBudget.For(deep, 1, recompute: true), one = MicrobatchBudget.For(deep with { NumHiddenLayers = 1 }, 1);
        Assert.Equal(24 * one.BytesPerToken, kept.BytesPerToken);
        Assert.Equal((2 * one.BytesPerToken) + (24 * 4 * deep.HiddenSize), again.BytesPerToken);
        Assert.Equal((2 * one.BytesPerCell, 2 * one.BytesPerScore), (again.BytesPerCell, again.BytesPerScore));
        var groups = LearningSamples.Minibatch(1);
        Assert.Equal(groups.Max(group => group.Rows.Max(row => kept.PromptBytes(group.PromptIds.Length) + kept.RowBytes(group.PromptIds.Length, row.Inputs))), kept.LeastBytes(groups));
    }

    [Theory]
    // A prompt of 10 tokens and eight rows that read 2 each: 26 tokens in one pass, and 12 for each row alone.
    [InlineData(10, 26, null, false, 26)]
    [InlineData(10, 26, true, true, 26)]
    [InlineData(10, 12, false, false, 96)]
    [InlineData(10, 12, null, true, 26)]
    // Cut once it is 36 tokens, three quarters of which are just more than 26.
    [InlineData(10, 24, null, true, 26)]
    // A prompt of 2: 20 tokens where it is cut once, for 18.
    [InlineData(2, 10, null, false, 20)]
    // A row alone is more than twice the budget.
    [InlineData(2, 1, null, true, 18)]
    public void Layers_are_made_again_where_a_row_would_not_fit_or_cut_prompts_cost_more(int prompt, long budget, bool? wanted, bool recompute, long tokens)
    {
        var group = new PackedGroup(new int[prompt], [.. Enumerable.Range(0, 8).Select(_ => new WeightedRow(new TrainingRow(new int[3], new float[3], 1), 0))]);
        var plan = PassPlan.Of([[group], []], new MicrobatchBudget(budget, 1, 0), new MicrobatchBudget(26, 1, 0), wanted);
        Assert.Equal((recompute, tokens), (plan.Recompute, plan.Tokens));
    }

    [Fact]
    public void Microbatches_keep_within_their_budget_unless_a_row_alone_exceeds_it() =>
        (from groups in LearningSamples.PackedGroups from bytes in Gen.Long[100, 1000] select (groups, bytes)).Sample(sample =>
        {
            var budget = new MicrobatchBudget(sample.bytes, 10, 1);
            foreach (var pass in PackingPlan.Microbatches(sample.groups, budget).Where(pass => pass.Sum(group => group.Rows.Count) > 1))
            {
                var scores = pass.Sum(group => Square(group.PromptIds.Length) + group.Rows.Sum(row => row.Inputs * (group.PromptIds.Length + row.Inputs)));
                Assert.True(10 * PackedLayout.Of(pass).Tokens + scores <= sample.bytes);
            }

            static int Square(int number) => number * number;
        });

    [Fact]
    public void A_group_is_cut_only_where_no_pass_could_hold_it() =>
        (from groups in LearningSamples.PackedGroups from bytes in Gen.Long[100, 1000] select (groups, bytes)).Sample(sample =>
        {
            var budget = new MicrobatchBudget(sample.bytes, 10, 1);
            var passes = PackingPlan.Microbatches(sample.groups, budget);
            foreach (var group in sample.groups)
            {
                var prompt = group.PromptIds.Length;
                if (budget.PromptBytes(prompt) + group.Rows.Sum(row => budget.RowBytes(prompt, row.Inputs)) <= sample.bytes)
                    Assert.Single(passes, pass => pass.Any(part => ReferenceEquals(part.PromptIds, group.PromptIds)));
            }
        });

    private static TrainingGroup Group(int number, int rows) =>
        new([number, 1, 2], [.. Enumerable.Range(0, rows).Select(_ => new TrainingRow([1, 2, 3], [0, 0, 0], 1))]);
}
