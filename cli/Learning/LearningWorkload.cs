using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Learning;

/// <summary>
/// Rollouts of one update, in groups over one prompt each, as many groups as keep within the tokens, and at least one.
/// Spread completions go from a tenth of the longest to the longest.
/// </summary>
/// <param name="Tokens">Most tokens that are computed when each prompt is computed once.</param>
internal sealed record LearningWorkload(string Model, int PromptTokens, int AnswerTokens, int GroupSize, bool Spread, int Tokens)
{
    private const int LongestToShortest = 10;

    /// <summary>Groups with random ids whose rewards and behaviour log-probs are what an untrained model meets.</summary>
    public TrainingBatch Batch(ModelConfig config)
    {
        var random = new CounterRandom(Seeds.For(1, "learning"));
        var (groups, tokens) = (new List<TrainingGroup>(), 0L);
        while (true)
        {
            var group = Group(ref random, config.VocabSize);
            tokens += group.PromptIds.Length + group.Rows.Sum(row => row.CompletionIds.Length - 1L);
            if (groups.Count > 0 && tokens > Tokens) break;
            groups.Add(group);
        }

        return new TrainingBatch(groups, groups.Sum(group => group.Rows.Sum(row => (long)row.CompletionIds.Length)));
    }

    private TrainingGroup Group(ref CounterRandom random, int vocabulary)
    {
        var prompt = Ids(ref random, PromptTokens, vocabulary);
        var advantages = Advantages.OfGroup([.. Enumerable.Range(0, GroupSize).Select(row => row % 4 == 0 ? 1.0 : 0)]);
        var rows = new List<TrainingRow>();
        foreach (var advantage in advantages)
        {
            var ids = Ids(ref random, Length(ref random), vocabulary);
            rows.Add(new TrainingRow(ids, [.. Enumerable.Repeat(-MathF.Log(vocabulary), ids.Length)], advantage));
        }

        return new TrainingGroup(prompt, rows);
    }

    private int Length(ref CounterRandom random)
    {
        var shortest = Math.Max(1, AnswerTokens / LongestToShortest);
        return Spread ? shortest + (int)random.Next(AnswerTokens - shortest + 1) : AnswerTokens;
    }

    private static int[] Ids(ref CounterRandom random, int length, int vocabulary)
    {
        var ids = new int[length];
        for (var i = 0; i < ids.Length; i++) ids[i] = (int)random.Next(vocabulary);
        return ids;
    }
}
