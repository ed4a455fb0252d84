using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

public class TaskSelectionTests
{
    [Fact]
    public void An_epoch_visits_no_task_twice() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 12], Gen.Int[1, 60]).Sample((seed, perStep, extra) =>
        {
            var (pool, steps) = (perStep + extra, (perStep + extra) / perStep);
            for (var epoch = 0; epoch < 4; epoch++)
            {
                var visits = Enumerable.Range(1, steps).SelectMany(step => TaskSelection.ShuffledEpochs(seed, (epoch * steps) + step, pool, perStep)).ToArray();
                Assert.Equal(steps * perStep, visits.Distinct().Count());
                Assert.All(visits, task => Assert.InRange(task, 0, pool - 1));
            }
        });

    [Fact]
    public void A_step_can_be_asked_for_again() =>
        Assert.Equal(TaskSelection.ShuffledEpochs(7, 40, 1_024, 64), TaskSelection.ShuffledEpochs(7, 40, 1_024, 64));

    [Fact]
    public void Epochs_and_seeds_differ()
    {
        var first = TaskSelection.ShuffledEpochs(7, 1, 1_024, 64);
        Assert.NotEqual(first, TaskSelection.ShuffledEpochs(7, 17, 1_024, 64));
        Assert.NotEqual(first, TaskSelection.ShuffledEpochs(8, 1, 1_024, 64));
    }

    [Fact]
    public void The_tasks_that_fill_no_step_are_not_lost_for_good()
    {
        var visited = Enumerable.Range(1, 40).SelectMany(step => TaskSelection.ShuffledEpochs(1, step, 10, 4)).Distinct();
        Assert.Equal(10, visited.Count());
    }

    [Fact]
    public void A_step_larger_than_the_pool_is_refused() =>
        Assert.Throws<InvalidInputException>(() => TaskSelection.ShuffledEpochs(1, 1, 63, 64));
}
