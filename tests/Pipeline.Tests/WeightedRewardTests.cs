using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

public class WeightedRewardTests
{
    [Fact]
    public async Task A_weighted_sum_is_the_reward_and_each_part_of_it_is_kept_in_the_trajectory()
    {
        var trajectories = await RolloutsOfAsync("exact + -0.5*repetition + 0.25*format");
        Assert.Equal([0, 1], trajectories.Select(trajectory => trajectory.Reward!.Value).Distinct().Order());
        Assert.All(trajectories, trajectory =>
        {
            Assert.Equal(["exact", "repetition", "format"], trajectory.RewardParts.Select(part => part.Name));
            Assert.Equal(trajectory.Reward, trajectory.RewardParts[0].Value);
        });
    }

    [Fact]
    public async Task A_reward_for_the_length_knows_the_length_in_tokens_and_the_longest_allowed()
    {
        var trajectories = await RolloutsOfAsync("cosine:exact");
        Assert.All(trajectories, trajectory =>
        {
            var sign = trajectory.RewardParts[0].Value == 1 ? 1 : -1;
            Assert.Equal(LengthRewards.Cosine(trajectory.CompletionIds.Length, Samples.Spec.Sampling.MaxTokens, sign, sign * 0.5), trajectory.Reward!.Value, 12);
        });
        Assert.True(trajectories.Select(trajectory => trajectory.Reward).Distinct().Count() > 1);
    }

    private static async Task<List<Trajectory>> RolloutsOfAsync(string verifier)
    {
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock(), scorers: Scorers.BuiltIn.Create);
        var spec = Samples.Spec with { Steps = 1, Tasks = Samples.Spec.Tasks with { Verifier = verifier } };
        var run = await process.StartAsync(spec, Samples.Training, Samples.Evaluation);
        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);

        var trajectories = new List<Trajectory>();
        foreach (var (_, content) in store.Blobs.Where(blob => blob.Key.Contains("/rollouts/", StringComparison.Ordinal)))
            trajectories.AddRange(await new ParquetRecordFormat().ReadTrajectoriesAsync(new MemoryStream(content), TestContext.Current.CancellationToken));
        return trajectories;
    }
}
