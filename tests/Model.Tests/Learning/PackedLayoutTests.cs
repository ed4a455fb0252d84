using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;

namespace KnapsackCloud.Model.Tests.Learning;

public class PackedLayoutTests
{
    [Fact]
    public void Prompts_come_once_then_the_completions_without_their_last_token()
    {
        var layout = PackedLayout.Of([Group([7, 8, 9], [1, 2], [3]), Group([5, 6], [4, 1, 2])]);

        Assert.Equal([7, 8, 9, 5, 6, 1, 4, 1], layout.TokenIds_N);
        Assert.Equal([0, 1, 2, 0, 1, 3, 2, 3], layout.Positions_N);
        Assert.Equal([2, 4, 5, 6, 7], layout.Sources_U);
        Assert.Equal([2, 5, 2, 4, 6, 7], layout.SourceIndex_M.Select(source => layout.Sources_U[source]));
        Assert.Equal([1, 2, 3, 4, 1, 2], layout.Targets_M);
        Assert.False(layout.PromptsAligned);
    }

    [Fact]
    public void A_completion_token_sees_the_prompt_and_its_own_earlier_tokens_only() =>
        LearningSamples.PackedGroups.Sample(groups =>
        {
            var layout = PackedLayout.Of(groups);
            var (rows, prompts) = (Readers(groups), StartsOfPrompts(groups));
            var found = layout.Bundles.SelectMany(bundle => bundle.Members.Select((member, r) => (bundle, member, r))).ToDictionary(row => row.member.Start);
            Assert.Equal(rows.Count, found.Count);
            foreach (var (group, row, start) in rows)
            {
                var (bundle, member, r) = found[start];
                Assert.Equal(row.Inputs, member.Inputs);
                for (var a = 0; a < row.Inputs; a++)
                {
                    var expected = Enumerable.Range(prompts[group], groups[group].PromptIds.Length).Concat(Enumerable.Range(start, a + 1));
                    Assert.Equal(expected.Select(token => (long)token), Visible(bundle, r, a));
                    Assert.Equal(start + a, bundle.QueryIndex_RA[r * bundle.CompletionLength + a]);
                }
            }
        });

    [Fact]
    public void Every_token_finds_its_own_cell_again() =>
        LearningSamples.PackedGroups.Sample(groups =>
        {
            var layout = PackedLayout.Of(groups);
            long[] tokenOfCell = [.. layout.PromptIndex_GP, .. layout.Bundles.SelectMany(bundle => bundle.QueryIndex_RA)];
            for (var token = 0; token < layout.Tokens; token++) Assert.Equal(token, tokenOfCell[layout.AttendedIndex_N[token]]);
            long[] sourceOfCell = [.. Enumerable.Range(0, layout.Groups), .. layout.Bundles.SelectMany(bundle => bundle.SourceQueryIndex_RA)];
            for (var source = 0; source < layout.Sources; source++) Assert.Equal(source, sourceOfCell[layout.SourceAttendedIndex_U[source]]);
        });

    [Fact]
    public void Rows_of_like_length_share_a_rectangle_and_others_do_not_pay_for_the_longest()
    {
        var layout = PackedLayout.Of([Long(200, 400, 205), Long(8, 6, 7)]);

        Assert.Equal([(3, 7), (2, 204), (1, 399)], layout.Bundles.Select(bundle => (bundle.Rows, bundle.CompletionLength)));

        static PackedGroup Long(params int[] lengths) => Group([1, 2, 3], [.. lengths.Select(length => new int[length])]);
    }

    [Fact]
    public void Padding_is_a_small_part_of_a_bundle_or_little_at_all() =>
        (from prompt in Gen.Int[1, 300] from lengths in Gen.Int[2, 500].Array[1, 30] select (prompt, lengths)).Sample(sample =>
        {
            foreach (var bundle in PackedLayout.Of([Group(new int[sample.prompt], [.. sample.lengths.Select(length => new int[length])])]).Bundles)
            {
                var cells = (double)bundle.Cells * bundle.KeyLength;
                Assert.InRange(cells - bundle.Members.Sum(row => row.Cells), 0, Math.Max(0.05 * cells, 16_384));
            }
        });

    [Fact]
    public void Nothing_to_predict_or_to_predict_from_is_refused()
    {
        Assert.Throws<ArgumentException>(() => PackedLayout.Of([]));
        Assert.Throws<ArgumentException>(() => PackedLayout.Of([Group([1])]));
        Assert.Throws<ArgumentException>(() => PackedLayout.Of([Group([], [1])]));
        Assert.Throws<ArgumentException>(() => PackedLayout.Of([Group([1], [[]])]));
        Assert.Throws<ArgumentException>(() => PackedLayout.Of([new PackedGroup([1], [new WeightedRow(new TrainingRow([1, 2], [0], 1), 1)])]));
    }

    /// <summary>Tokens that cell (row, a) may look at, in order: the prompt keys that are no padding, then its own up to a.</summary>
    private static IEnumerable<long> Visible(CompletionBundle bundle, int row, int a) =>
        Enumerable.Range(0, bundle.KeyLength)
            .Where(key => key < bundle.PromptLength ? bundle.PromptKeys_RP[row * bundle.PromptLength + key] : key - bundle.PromptLength <= a)
            .Select(key => bundle.KeyIndex_RS[row * bundle.KeyLength + key]);

    private static int[] StartsOfPrompts(PackedGroup[] groups) =>
        [.. groups.Select((_, i) => groups[..i].Sum(group => group.PromptIds.Length))];

    private static List<(int Group, WeightedRow Row, int Start)> Readers(PackedGroup[] groups)
    {
        var start = groups.Sum(group => group.PromptIds.Length);
        var readers = new List<(int, WeightedRow, int)>();
        foreach (var (g, group) in groups.Index())
        {
            foreach (var row in group.Rows.Where(row => row.Inputs > 0))
            {
                readers.Add((g, row, start));
                start += row.Inputs;
            }
        }

        return readers;
    }

    private static PackedGroup Group(int[] prompt, params int[][] completions) =>
        new(prompt, [.. completions.Select(ids => new WeightedRow(new TrainingRow(ids, new float[ids.Length], 1), 1))]);
}
