using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Tasks;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Measures a model's mean success rate at temperature 1 on a fixed sample of tasks, as many of each family, so that one
/// measurement differs from the next by the model alone.
/// </summary>
internal sealed class SuccessRate
{
    private const int TasksPerFamily = 100;
    private const int Samples = 4;

    private readonly ShardThreads _threads;
    private readonly SamplingSpec _sampling;
    private readonly GenerationEngine[] _engines;
    private readonly (GenerationPrompt Prompt, string Gold)[] _tasks;

    /// <summary>The model stays the caller's, who may change its weights between measurements.</summary>
    public SuccessRate(DecoderModel model, IReadOnlyList<TaskFamily> families, ulong seed, ShardThreads threads)
    {
        _threads = threads;
        _sampling = new SamplingSpec { Temperature = 1, MaxTokens = families.Max(family => family.MaxAnswerTokens) };
        _engines = [.. Enumerable.Range(0, PolicyTrainer.Shards).Select(_ => new GenerationEngine(model))];
        var random = new CounterRandom(seed);
        // Families alternate, so that the engines get equal work.
        _tasks = [.. Enumerable.Range(0, TasksPerFamily).SelectMany(_ => families).Select((family, number) =>
        {
            var (prompt, gold) = family.Draw(ref random);
            var seeds = Enumerable.Range(0, Samples).Select(sample => Seeds.For(seed, $"{number}/{sample}")).ToArray();
            return (new GenerationPrompt(CharacterTokenizer.Arithmetic.Encode(prompt), seeds), gold);
        })];
    }

    public double Measure(CancellationToken cancellation)
    {
        var successes = _threads.Run(_engines.Length, engine => Successes(engine, cancellation)).Sum();
        return (double)successes / (_tasks.Length * Samples);
    }

    private int Successes(int engine, CancellationToken cancellation)
    {
        var mine = _tasks.Where((_, number) => number % _engines.Length == engine).ToList();
        var completions = _engines[engine].Generate([.. mine.Select(task => task.Prompt)], _sampling, cancellation);
        return mine.Zip(completions).Sum(pair => pair.Second.Count(completion =>
            completion.Stop == StopReason.Eos && CharacterTokenizer.Arithmetic.Decode(completion.TokenIds) == pair.First.Gold));
    }
}
