using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Evaluating;

/// <summary>Rolls out every task of a file and scores the completions, in batches that two or more engines share.</summary>
internal sealed class TaskEvaluation(OpenModel model, IScorer scorer, SamplingSpec sampling, PromptFormat format, int samples, ulong seed)
{
    /// <summary>Rollouts of one batch: enough to fill an engine, few enough to show progress.</summary>
    private const int BatchRollouts = 512;

    /// <summary>Rewards by task and rollout. A rollout whose verifier failed is an error of the evaluation, never a zero.</summary>
    /// <exception cref="InvalidInputException">Prompts that cannot be encoded or do not fit, or gold answers that cannot be read; every one.</exception>
    public async Task<IReadOnlyList<double[]>> RunAsync(IReadOnlyList<TrainingTask> tasks, IProgress<int> progress, CancellationToken cancellation)
    {
        var prompts = Encode(tasks);
        var fitted = sampling with { MaxTokens = Math.Min(sampling.MaxTokens, model.MaxPositions - prompts.Max(prompt => prompt.Length)) };
        var rewards = new double[tasks.Count][];
        var batches = new System.Collections.Concurrent.ConcurrentQueue<int[]>(Enumerable.Range(0, tasks.Count).Chunk(Math.Max(1, BatchRollouts / samples)));
        await Task.WhenAll(model.Engines.Select(engine => Task.Factory.StartNew(
            () =>
            {
                while (batches.TryDequeue(out var batch)) RunBatch(engine, batch);
            },
            cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))).ConfigureAwait(false);
        return rewards;

        void RunBatch(IGenerator engine, int[] batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var completions = engine.Generate([.. batch.Select(i => new GenerationPrompt(prompts[i], SeedsOf(tasks[i])))], fitted, cancellation);
            var answers = batch.Zip(completions).SelectMany(pair => pair.Second.Select(completion => Answer.Of(tasks[pair.First], completion, model.Tokenizer, fitted.MaxTokens))).ToList();
            // The thread is the engine's own, which has nothing to do meanwhile.
            var scored = scorer.ScoreAsync(answers, cancellation).GetAwaiter().GetResult().Zip(answers, Reward).Chunk(samples);
            foreach (var (place, own) in batch.Zip(scored)) rewards[place] = own;
            progress.Report(batch.Length);
        }
    }

    private ulong[] SeedsOf(TrainingTask task) => [.. Enumerable.Range(0, samples).Select(i => Seeds.Evaluation(seed, task.Id, i))];

    private static double Reward(Verdict verdict, Answer answer) =>
        verdict.Reward ?? throw new InvalidInputException($"task {answer.Task}", $"could not be scored: {verdict.Reason}");

    private int[][] Encode(IReadOnlyList<TrainingTask> tasks)
    {
        var errors = new List<InputError>();
        var prompts = new int[tasks.Count][];
        for (var i = 0; i < tasks.Count; i++)
        {
            try
            {
                prompts[i] = model.Tokenizer.EncodePrompt(tasks[i].Prompt, format);
                if (prompts[i].Length >= model.MaxPositions) errors.Add(new InputError($"task {tasks[i].Id} prompt", $"has {prompts[i].Length} tokens, which leaves no room in the model's {model.MaxPositions} positions"));
            }
            catch (FormatException e)
            {
                errors.Add(new InputError($"task {tasks[i].Id} prompt", e.Message));
            }
        }

        return errors.Count == 0 ? prompts : throw new InvalidInputException(errors);
    }
}
