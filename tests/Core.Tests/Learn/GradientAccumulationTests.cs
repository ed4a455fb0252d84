using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class GradientAccumulationTests
{
    [Theory]
    [InlineData(1, new[] { 1, 2, 3, 4, 5, 6, 7 })]
    [InlineData(3, new[] { 3, 6, 7 })]
    [InlineData(7, new[] { 7 })]
    [InlineData(100, new[] { 7 })]
    public void Updates_are_due_every_so_many_steps_and_in_the_last(int accumulateSteps, int[] due)
    {
        var learning = new LearningSpec { AccumulateSteps = accumulateSteps };
        Assert.Equal(due, Enumerable.Range(1, 7).Where(step => GradientAccumulation.IsDue(learning, step, 7)));
        Assert.Equal(accumulateSteps > 1, GradientAccumulation.IsOn(learning));
    }
}
