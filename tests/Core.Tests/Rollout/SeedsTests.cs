using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Rollout;

public class SeedsTests
{
    private static readonly TaskId Task = TaskId.Parse("add1-0001");

    [Fact]
    public void A_rollout_seed_is_the_same_on_every_machine() =>
        Assert.Equal(Seeds.Rollout(1, 2, Task, 3), Seeds.Rollout(1, 2, TaskId.Parse("add1-0001"), 3));

    [Fact]
    public void Every_part_of_the_identity_changes_the_seed()
    {
        ulong[] seeds =
        [
            Seeds.Rollout(1, 2, Task, 3), Seeds.Rollout(2, 2, Task, 3), Seeds.Rollout(1, 3, Task, 3),
            Seeds.Rollout(1, 2, TaskId.Parse("add1-0002"), 3), Seeds.Rollout(1, 2, Task, 4), Seeds.Evaluation(1, Task, 3),
        ];
        Assert.Equal(seeds.Length, seeds.Distinct().Count());
    }

    [Fact]
    public void Draws_are_uniform_and_can_be_made_again()
    {
        var draws = Enumerable.Range(0, 10_000).Select(n => CounterRandom.UniformAt(7, (ulong)n)).ToArray();
        Assert.All(draws, draw => Assert.InRange(draw, 0, 1 - double.Epsilon));
        Assert.InRange(draws.Average(), 0.49, 0.51);
        Assert.Equal(draws[5_000], CounterRandom.UniformAt(7, 5_000));
    }
}
