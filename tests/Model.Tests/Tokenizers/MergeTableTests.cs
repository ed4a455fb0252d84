using CsCheck;
using KnapsackCloud.Model.Tokenizers.Bpe;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class MergeTableTests
{
    private const int Symbols = 4;

    /// <summary>Merges of random pairs of the tokens there are so far; a text may be reached in several ways, as in published vocabularies.</summary>
    private static readonly Gen<List<(int Left, int Right, int Merged)>> Merges = Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20]).Array[0, 60].Select(draws =>
    {
        var texts = Enumerable.Range(0, Symbols).Select(symbol => ((char)('a' + symbol)).ToString()).ToList();
        var merges = new List<(int, int, int)>();
        foreach (var (first, second) in draws)
        {
            var (left, right) = (first % texts.Count, second % texts.Count);
            var text = texts[left] + texts[right];
            if (text.Length > 12 || merges.Exists(merge => (merge.Item1, merge.Item2) == (left, right))) continue;
            if (!texts.Contains(text)) texts.Add(text);
            merges.Add((left, right, texts.IndexOf(text)));
        }

        return merges;
    });

    [Fact]
    public void Merging_gives_what_the_definition_gives() =>
        Gen.Select(Merges, Gen.Int[0, Symbols - 1].Array[0, 120]).Sample((merges, symbols) =>
        {
            var ids = (int[])symbols.Clone();
            Assert.Equal(ByDefinition(merges, [.. symbols]), ids[..new MergeTable(merges).Apply(ids)]);
        }, iter: 5000);

    [Theory]
    [InlineData(7)]
    [InlineData(201)]
    public void Of_equal_pairs_the_leftmost_merges_first(int length)
    {
        var ids = Enumerable.Repeat(0, length).ToArray();
        var count = new MergeTable([(0, 0, 1)]).Apply(ids);
        Assert.Equal([.. Enumerable.Repeat(1, length / 2), .. Enumerable.Repeat(0, length % 2)], ids[..count]);
    }

    private static List<int> ByDefinition(List<(int Left, int Right, int Merged)> merges, List<int> ids)
    {
        while (true)
        {
            var (rank, at) = Enumerable.Range(0, Math.Max(0, ids.Count - 1))
                .Select(i => (Rank: merges.FindIndex(merge => (merge.Left, merge.Right) == (ids[i], ids[i + 1])), At: i))
                .Where(pair => pair.Rank >= 0).DefaultIfEmpty((-1, -1)).Min();
            if (rank < 0) return ids;
            ids[at] = merges[rank].Merged;
            ids.RemoveAt(at + 1);
        }
    }
}
