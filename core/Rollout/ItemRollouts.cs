using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Rollout;

/// <summary>The rollouts of one work item on their way from ids to trajectories. Single-use: create, generate once, score once.</summary>
public sealed class ItemRollouts
{
    private readonly RunSpec _spec;
    private readonly StepPlan _plan;
    private readonly ITokenizer _tokenizer;
    private readonly List<Chunk> _chunks;

    /// <param name="tasks">The run's tasks of the item's purpose.</param>
    public ItemRollouts(RunSpec spec, StepPlan plan, WorkItem item, TaskSet tasks, ITokenizer tokenizer)
    {
        (_spec, _plan, _tokenizer) = (spec, plan, tokenizer);
        var sizes = item.Purpose == WorkPurpose.Training ? SizesBy(plan, item.Round) : [];
        _chunks = [.. item.Chunks.Select(chunk => Prepare(item.Purpose, chunk, tasks[chunk.Task], sizes.GetValueOrDefault(chunk.Task, spec.Evaluation.Samples)))];
    }

    /// <summary>Completions of the chunks whose prompt could be encoded, in the item's order; one call of the generator.</summary>
    public Completion[][] Generate(IGenerator generator, CancellationToken cancellation)
    {
        var prompts = _chunks.Where(chunk => chunk.Prompt is not null).Select(chunk => chunk.Prompt!).ToList();
        return prompts.Count == 0 ? [] : generator.Generate(prompts, _spec.Sampling, cancellation);
    }

    /// <summary>One trajectory a rollout, in the item's order. What cannot be scored keeps its tokens and says why: an error is not a zero.</summary>
    /// <param name="seconds">Of generation, shared evenly.</param>
    public async Task<IReadOnlyList<Trajectory>> ScoreAsync(Completion[][] completions, IScorer scorer, string worker, double seconds, CancellationToken cancellation)
    {
        var each = seconds / Math.Max(1, _chunks.Sum(chunk => chunk.Seeds.Length));
        var answers = _chunks.Where(chunk => chunk.Prompt is not null).Zip(completions).SelectMany(pair => pair.Second.Select(completion => Answer.Of(pair.First.Task, completion, _tokenizer, _spec.Sampling.MaxTokens)));
        var verdicts = await scorer.ScoreAsync([.. answers], cancellation);
        var trajectories = new List<Trajectory>();
        var (nextGroup, nextVerdict) = (0, 0);
        foreach (var chunk in _chunks)
        {
            var group = chunk.Prompt is null ? null : completions[nextGroup++];
            for (var i = 0; i < chunk.Seeds.Length; i++)
            {
                var trajectory = group is null ? Unencodable(chunk, i) : Scored(chunk, i, group[i], Finite(verdicts[nextVerdict++]));
                trajectories.Add(trajectory with { Worker = worker, GenerationSeconds = each });
            }
        }
        return trajectories;
    }

    /// <summary>Rollouts per task planned up to a round: the same whether or not later rounds are planned by now.</summary>
    private static Dictionary<TaskId, int> SizesBy(StepPlan plan, int round) =>
        plan.Items.Where(item => item.Purpose == WorkPurpose.Training && item.Round <= round).SelectMany(item => item.Chunks)
            .GroupBy(chunk => chunk.Task).ToDictionary(chunks => chunks.Key, chunks => chunks.Sum(chunk => chunk.Count));

    private Chunk Prepare(WorkPurpose purpose, GroupChunk chunk, TrainingTask task, int groupSize)
    {
        var seeds = new ulong[chunk.Count];
        for (var i = 0; i < seeds.Length; i++)
        {
            seeds[i] = purpose == WorkPurpose.Training
                ? Seeds.Rollout(_spec.Seed, _plan.Step, chunk.Task, chunk.First + i)
                : Seeds.Evaluation(_spec.Seed, chunk.Task, chunk.First + i);
        }
        try
        {
            return new Chunk(task, chunk.First, groupSize, seeds, new GenerationPrompt(_tokenizer.EncodePrompt(task.Prompt, _spec.Tasks.PromptFormat), seeds), null);
        }
        catch (FormatException error)
        {
            return new Chunk(task, chunk.First, groupSize, seeds, null, $"prompt cannot be encoded: {error.Message}");
        }
    }

    private Trajectory Scored(Chunk chunk, int i, Completion completion, Verdict verdict) => Bare(chunk, i) with
    {
        PromptIds = chunk.Prompt!.TokenIds,
        CompletionIds = completion.TokenIds,
        LogProbs = completion.LogProbs,
        StopReason = completion.Stop,
        Reward = verdict.Status == VerdictStatus.Ok ? verdict.Reward : null,
        RewardParts = verdict.Parts,
        Error = verdict is { Status: VerdictStatus.Ok, Reward: not null } ? null : $"{verdict.Status}: {verdict.Reason}",
    };

    private static Verdict Finite(Verdict verdict) => verdict.Reward is { } reward && !double.IsFinite(reward)
        ? new Verdict { Status = VerdictStatus.Error, Reason = $"the reward is {reward}" }
        : verdict;

    private Trajectory Unencodable(Chunk chunk, int i) => Bare(chunk, i) with { Error = chunk.Problem };

    private Trajectory Bare(Chunk chunk, int i) => new()
    {
        Task = chunk.Task.Id,
        Index = chunk.First + i,
        GroupSize = chunk.GroupSize,
        PromptIds = [],
        CompletionIds = [],
        LogProbs = [],
        StopReason = StopReason.Stop,
        Policy = _plan.Policy,
        Sampling = _spec.Sampling,
        Seed = chunk.Seeds[i],
    };

    /// <param name="Prompt">Null when the prompt could not be encoded; <paramref name="Problem"/> then says why.</param>
    private sealed record Chunk(TrainingTask Task, int First, int GroupSize, ulong[] Seeds, GenerationPrompt? Prompt, string? Problem);
}
