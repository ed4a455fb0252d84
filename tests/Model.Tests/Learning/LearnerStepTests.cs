using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Learning;

public class LearnerStepTests
{
    [Fact]
    public void A_step_in_memory_has_the_bits_of_the_learners_own()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        var expected = learner.Update(LearnerSamples.Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["1"], TestContext.Current.CancellationToken);
        using var model = CheckpointFolder.Load(folder["0"]);
        using var step = new LearnerStep(model, LearnerSamples.Spec, threads: 1);

        var summary = step.Run(1, LearnerSamples.Batch(LearnerSamples.Groups(1)), TimeProvider.System, TestContext.Current.CancellationToken);

        using var published = CheckpointFolder.Load(folder["1"]);
        Assert.Equal(expected with { Seconds = 0, Skipped = [] }, summary with { Seconds = 0, Skipped = [] });
        Assert.Equal(Bytes(published), Bytes(model));
    }

    private static byte[] Bytes(DecoderModel model) => [.. model.Parameters.SelectMany(parameter => parameter.bytes.ToArray())];
}
