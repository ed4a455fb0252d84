using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Tests.Publish;

public class RetentionTests
{
    [Theory]
    [InlineData(0, "0 6 7 9")]
    [InlineData(1, "0 1 2 3 4 5 6 7 8 9")]
    [InlineData(4, "0 4 6 7 8 9")]
    public void The_first_the_last_the_newest_two_and_every_so_many_are_kept(int keepEvery, string kept)
    {
        var spec = new RunSpec { Steps = 9, Checkpoints = new CheckpointSpec { KeepEvery = keepEvery } };
        var found = Enumerable.Range(0, 10).Where(version => version is 8 or 9 ? IsKeptLater(spec, version) : Retention.IsKept(spec, version, new PolicyVersion(7)));
        Assert.Equal(kept, string.Join(' ', found));
    }

    [Fact]
    public void What_generates_a_step_ahead_of_the_learner_is_kept_until_the_step_is_learnt()
    {
        var spec = new RunSpec { Steps = 30, Checkpoints = new CheckpointSpec { KeepEvery = 0 }, Learning = new LearningSpec { MaxLag = 3 } };
        for (var published = 0; published <= 30; published++)
        {
            for (var step = published + 1; step <= PolicyLag.LastOpen(spec, published); step++)
                Assert.True(Retention.IsKept(spec, PolicyLag.GeneratorOf(spec, step).Value, new PolicyVersion(published)));
        }

        Assert.False(Retention.IsKept(spec, 5, new PolicyVersion(10)));
    }

    [Fact]
    public void A_limit_is_reached_when_the_totals_are_there_and_says_what_follows()
    {
        var totals = new RunTotals { Rollouts = 100, GpuSeconds = 9.5 };
        var age = TimeSpan.FromSeconds(60);
        Assert.Null(RunLimits.Reached(new LimitsSpec(), totals, age));
        Assert.Null(RunLimits.Reached(new LimitsSpec { Rollouts = 101, GpuSeconds = 10, Seconds = 61, Usd = 1, Gpu = "t4" }, totals, age));
        Assert.Contains("limits.rollouts of 100", RunLimits.Reached(new LimitsSpec { Rollouts = 100 }, totals, age), StringComparison.Ordinal);
        Assert.Contains("limits.gpuSeconds of 9 ", RunLimits.Reached(new LimitsSpec { GpuSeconds = 9 }, totals, age), StringComparison.Ordinal);
        Assert.Contains("limits.seconds of 60 ", RunLimits.Reached(new LimitsSpec { Seconds = 60 }, totals, age), StringComparison.Ordinal);
        var hour = new RunTotals { GpuSeconds = 3600 };
        var usd = PriceList.Current.ReplicaPerHour("a100");
        Assert.Null(RunLimits.Reached(new LimitsSpec { Usd = usd + 0.01, Gpu = "a100" }, hour, age));
        Assert.Contains("limits.usd of", RunLimits.Reached(new LimitsSpec { Usd = usd - 0.01, Gpu = "a100" }, hour, age), StringComparison.Ordinal);
    }

    /// <summary>Versions that come after the current one are judged when they are old.</summary>
    private static bool IsKeptLater(RunSpec spec, int version) => Retention.IsKept(spec, version, new PolicyVersion(99));
}
