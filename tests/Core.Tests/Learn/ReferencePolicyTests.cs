using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Core.Tests.Learn;

public class ReferencePolicyTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(0, 99, 0)]
    [InlineData(10, 10, 0)]
    [InlineData(10, 11, 10)]
    [InlineData(10, 20, 10)]
    [InlineData(1, 7, 6)]
    public void It_is_policy_0_or_the_last_one_it_was_renewed_to(int every, int step, int version) =>
        Assert.Equal(new PolicyVersion(version), ReferencePolicy.Of(new LearningSpec { KlCoefficient = 0.1, KlReferenceEvery = every }, step));

    [Fact]
    public void Without_a_penalty_there_is_none() => Assert.Null(ReferencePolicy.Of(new LearningSpec { KlReferenceEvery = 10 }, 11));

    [Fact]
    public void A_reference_is_kept_as_long_as_a_step_may_need_it()
    {
        var spec = new RunSpec { Steps = 99, Checkpoints = new CheckpointSpec { KeepEvery = 0 }, Learning = new LearningSpec { KlCoefficient = 0.1, KlReferenceEvery = 10 } };

        for (var current = 0; current < 60; current++)
            Assert.True(Retention.IsKept(spec, ReferencePolicy.Of(spec.Learning, current + 1)!.Value.Value, new PolicyVersion(current)));
        Assert.False(Retention.IsKept(spec, 11, new PolicyVersion(40)));
    }
}
