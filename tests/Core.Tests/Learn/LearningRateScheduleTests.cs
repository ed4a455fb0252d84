using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class LearningRateScheduleTests
{
    [Theory]
    [InlineData("constant", new[] { 1.0, 1, 1, 1, 1, 1 })]
    [InlineData("cosine", new[] { 1, 0.933, 0.75, 0.5, 0.25, 0.067 })]
    public void After_the_warm_up_the_rate_stays_or_falls_along_half_a_cosine(string schedule, double[] expected)
    {
        var learning = new LearningSpec { LearningRate = 2, WarmupSteps = 4, Schedule = schedule };

        Assert.Equal([0.5, 1, 1.5, 2], Enumerable.Range(1, 4).Select(step => LearningRateSchedule.At(learning, step, 10)));
        foreach (var (number, share) in expected.Index()) Assert.Equal(2 * share, LearningRateSchedule.At(learning, 5 + number, 10), 3);
    }

    [Fact]
    public void A_rate_is_never_above_that_of_the_spec_and_above_0_until_the_last_step() =>
        (from steps in Gen.Int[1, 400] from step in Gen.Int[1, steps] from warmup in Gen.Int[0, 500] from schedule in Gen.Int[0, 1] select (steps, step, warmup, schedule)).Sample(sample =>
        {
            var learning = new LearningSpec { LearningRate = 1, WarmupSteps = sample.warmup, Schedule = LearningRateSchedule.Names[sample.schedule] };
            var rate = LearningRateSchedule.At(learning, sample.step, sample.steps);
            Assert.True(rate is > 0 and <= 1, $"{rate}");
        });
}
