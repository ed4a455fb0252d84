using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>Counts all tensors of the process, so no test may run beside it.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public class LearnerMemoryTests
{
    [Fact]
    public void Updates_do_not_keep_tensors()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        Update(1);
        var before = Tensor.TotalCount;

        for (var step = 2; step <= 6; step++) Update(step);

        Assert.Equal(before, Tensor.TotalCount);

        void Update(int step) =>
            learner.Update(LearnerSamples.Spec, step, folder[$"{step - 1}"], LearnerSamples.Groups(step), folder[$"{step}"], TestContext.Current.CancellationToken);
    }
}
