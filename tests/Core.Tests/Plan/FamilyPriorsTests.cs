using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Plan;

public class FamilyPriorsTests
{
    [Fact]
    public void Nothing_known_is_even() => Assert.Equal(0.5, FamilyPriors.Fit([], 1).MeanOf("add1"));

    [Fact]
    public void Much_evidence_outweighs_the_overall_mean()
    {
        var priors = FamilyPriors.Fit([Record("a1", "easy", 900, 100, 10), Record("b1", "hard", 100, 900, 10)], 10);
        Assert.Equal(0.9, priors.MeanOf("easy"), 0.01);
        Assert.Equal(0.1, priors.MeanOf("hard"), 0.01);
        Assert.Equal(0.5, priors.MeanOf("never seen"), 1e-9);
    }

    [Fact]
    public void Little_evidence_is_drawn_to_the_overall_mean()
    {
        var priors = FamilyPriors.Fit([Record("a1", "easy", 800, 200, 10), Record("b1", "new", 0, 2, 10)], 10);
        Assert.Equal(0.797, priors.Overall, 0.001);
        Assert.Equal((0 + (8 * priors.Overall)) / (2 + 8), priors.MeanOf("new"), 1e-12);
    }

    [Fact]
    public void A_family_left_alone_drifts_back_to_the_overall_mean()
    {
        TaskRecord[] ledger = [Record("a1", "easy", 80, 20, 100), Record("b1", "left", 0, 20, 20)];
        var (soon, late) = (FamilyPriors.Fit(ledger, 20).MeanOf("left"), FamilyPriors.Fit(ledger, 200).MeanOf("left"));
        Assert.True(soon < 0.3);
        Assert.True(late > 0.6);
    }

    [Fact]
    public void Evidence_halves_in_the_half_life()
    {
        var fresh = FamilyPriors.Fit([Record("a", "f", 10, 0, 5)], 5);
        var old = FamilyPriors.Fit([Record("a", "f", 20, 0, 5)], 5 + (int)FamilyPriors.HalfLife);
        Assert.Equal(fresh.MeanOf("f"), old.MeanOf("f"), 1e-12);
    }

    [Fact]
    public void No_family_is_written_off_or_taken_for_done()
    {
        var priors = FamilyPriors.Fit([Record("a", "none", 0, 1e6, 1), Record("b", "all", 1e9, 0, 1)], 1);
        Assert.Equal(FamilyPriors.Lowest, priors.MeanOf("none"));
        Assert.Equal(FamilyPriors.Highest, priors.MeanOf("all"));
    }

    [Fact]
    public void The_order_of_the_ledger_does_not_matter()
    {
        var ledger = Enumerable.Range(0, 50).Select(i => Record($"t{i}", $"f{i % 3}", 0.1 * i, 1.0 / (i + 1), i)).ToArray();
        Assert.Equal(FamilyPriors.Fit(ledger, 60).MeanOf("f1"), FamilyPriors.Fit(ledger.Reverse(), 60).MeanOf("f1"));
    }

    [Fact]
    public void Nothing_known_is_as_strong_as_evenly_spread_success_rates() => Assert.Equal(2, FamilyPriors.Fit([], 1).Strength, 1e-12);

    /// <summary>Beta-binomial ledgers of known strengths, in families of different means.</summary>
    [Theory]
    [InlineData(0.7)]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(20)]
    public void The_strength_is_that_of_the_tasks(double strength)
    {
        var random = new CounterRandom(7);
        var ledger = new List<TaskRecord>();
        for (var i = 0; i < 6000; i++)
        {
            var mean = 0.2 + (0.2 * (i % 4));
            var rate = ThompsonSelection.Beta(ref random, strength * mean, strength * (1 - mean));
            var successes = 0;
            for (var j = 0; j < 8; j++) successes += random.NextDouble() < rate ? 1 : 0;
            ledger.Add(Record($"t{i}", $"f{i % 4}", successes, 8 - successes, 1 + (i % 8)));
        }

        Assert.Equal(1, FamilyPriors.Fit(ledger, 8).Strength / strength, 0.15);
    }

    [Fact]
    public void Tasks_that_are_all_alike_or_all_certain_stay_within_bounds()
    {
        var alike = Enumerable.Range(0, 1000).Select(i => Record($"t{i}", "f", 4, 4, 1)).ToList();
        var certain = Enumerable.Range(0, 1000).Select(i => Record($"t{i}", "f", i % 2 * 8, 8 - (i % 2 * 8), 1)).ToList();
        Assert.Equal(FamilyPriors.StrongestStrength, FamilyPriors.Fit(alike, 1).Strength);
        Assert.Equal(FamilyPriors.WeakestStrength, FamilyPriors.Fit(certain, 1).Strength);
    }

    private static TaskRecord Record(string task, string family, double successes, double failures, int lastStep) => new()
    {
        Task = TaskId.Parse(task),
        Family = family,
        Successes = successes,
        Failures = failures,
        Visits = 1,
        LastSuccessRate = 0.5,
        MeanCompletionTokens = 7,
        LastStep = lastStep,
    };
}
