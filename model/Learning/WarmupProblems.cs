using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Tasks;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Learning;

/// <summary>Endless problems to learn from, mostly easy ones, none of them held out. Deterministic by seed.</summary>
internal sealed class WarmupProblems(IReadOnlyList<TaskFamily> families, IReadOnlySet<string> heldOut, ulong seed)
{
    /// <summary>By difficulty, the last for those beyond: easy problems are learnt, hard ones only met, which leaves the run every difficulty.</summary>
    private static readonly double[] Weights = [4, 4, 2, 1, 1];

    private readonly CharacterTokenizer _tokenizer = CharacterTokenizer.Arithmetic;
    private readonly double[] _weights = [.. families.Select(family => Weights[Math.Min(family.Difficulty, Weights.Length) - 1])];
    private CounterRandom _random = new(seed);

    /// <summary>A minibatch of problems with their answers, every token of the same weight.</summary>
    public IReadOnlyList<PackedGroup> Draw(int count)
    {
        var drawn = Enumerable.Range(0, count).Select(_ => DrawOne()).ToList();
        var weight = 1.0 / drawn.Sum(problem => problem.Answer.Length);
        return [.. drawn.Select(problem => new PackedGroup(problem.Prompt, [new WeightedRow(new TrainingRow(problem.Answer, new float[problem.Answer.Length], 1), weight)]))];
    }

    private (int[] Prompt, int[] Answer) DrawOne()
    {
        while (true)
        {
            var (prompt, gold) = families[_random.NextIndex(_weights)].Draw(ref _random);
            if (!heldOut.Contains(prompt)) return (_tokenizer.Encode(prompt), [.. _tokenizer.Encode(gold), _tokenizer.EosId]);
        }
    }
}
