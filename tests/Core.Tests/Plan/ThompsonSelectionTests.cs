using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Plan;

public class ThompsonSelectionTests
{
    private static TaskEvidence Task(string id, double successes, double failures) => new() { Task = TaskId.Parse(id), Successes = successes, Failures = failures };

    [Fact]
    public void Known_tasks_of_middling_difficulty_come_before_solved_and_hopeless_ones()
    {
        TaskEvidence[] pool = [Task("solved", 1000, 1), Task("middling", 500, 500), Task("hopeless", 1, 1000), Task("half", 600, 400)];
        Assert.Equal([1, 3], ThompsonSelection.Select(1, pool, 2, 2).Order());
    }

    [Fact]
    public void A_task_never_seen_is_tried_now_and_then_beside_known_ones()
    {
        TaskEvidence[] pool = [Task("unseen", 0, 0), .. Enumerable.Range(0, 9).Select(i => Task($"k{i}", 650, 350))];
        var tried = Enumerable.Range(0, 400).Count(seed => ThompsonSelection.Select((ulong)seed, pool, 2, 1)[0] == 0);
        // Uniform on (0, 1): it wins when its draw is nearer to 0.5 than the nearest of nine around 0.65, that is about 0.12 either way.
        Assert.InRange(tried, 60, 140);
    }

    [Fact]
    public void The_order_of_the_pool_does_not_matter() =>
        Gen.Select(Gen.Double[0, 20].Array[3, 30], Gen.ULong).Sample((counts, seed) =>
        {
            var pool = counts.Select((count, i) => Task($"t{i:D2}", count, 20 - count)).ToArray();
            var shuffled = pool.Reverse().ToArray();
            Assert.Equal(
                ThompsonSelection.Select(seed, pool, 2, 3).Select(i => pool[i].Task),
                ThompsonSelection.Select(seed, shuffled, 2, 3).Select(i => shuffled[i].Task));
        }, iter: 100);

    [Theory]
    [InlineData(0.05, 0.3)]
    [InlineData(0.7, 4)]
    [InlineData(2, 2)]
    [InlineData(300, 100)]
    public void Draws_have_the_mean_and_variance_of_a_Beta(double a, double b)
    {
        const int draws = 20_000;
        var random = new CounterRandom(7);
        var values = Enumerable.Range(0, draws).Select(_ => ThompsonSelection.Beta(ref random, a, b)).ToArray();
        Assert.All(values, value => Assert.InRange(value, 0, 1));
        var (mean, variance) = (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1)));
        Assert.Equal(mean, values.Average(), 4 * Math.Sqrt(variance / draws));
        Assert.InRange(values.Average(value => (value - mean) * (value - mean)) / variance, 0.92, 1.08);
    }
}
