using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class GrpoLearnerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static RunSpec Spec => LearnerSamples.Spec;

    [Fact]
    public void What_was_rewarded_becomes_more_likely_and_what_was_not_less()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        var groups = LearnerSamples.Groups(1);
        var before = Mean(folder["0"], groups, rewarded: true) - Mean(folder["0"], groups, rewarded: false);

        var summary = learner.Update(Spec, 1, folder["0"], groups, folder["1"], Token);

        Assert.True(Mean(folder["1"], groups, rewarded: true) - Mean(folder["1"], groups, rewarded: false) > before);
        Assert.Equal(new PolicyVersion(1), summary.Version);
        Assert.Equal(32, summary.Rows);
        Assert.Equal(2, summary.Updates);
        Assert.True(summary.PackedTokens < summary.RowTokens);
        Assert.InRange(summary.Entropy, 0, Math.Log(16));
    }

    [Theory]
    [InlineData(LearningRateSchedule.Constant, 0, OptimiserStates.Full)]
    [InlineData(LearningRateSchedule.Cosine, 0.1, OptimiserStates.Full)]
    [InlineData(LearningRateSchedule.Constant, 0.1, OptimiserStates.EightBit)]
    [InlineData(LearningRateSchedule.Constant, 0.1, OptimiserStates.Host, LearningPrecision.BFloat16)]
    [InlineData(LearningRateSchedule.Cosine, 0.1, OptimiserStates.Full, LearningPrecision.Full, 3)]
    public void Restarting_gives_the_bits_of_going_on(string schedule, double decay, string states, string precision = LearningPrecision.Full, int accumulateSteps = 1)
    {
        var learning = Spec.Learning with { Schedule = schedule, WeightDecay = decay, WarmupSteps = 1, OptimiserStates = states, Precision = precision, AccumulateSteps = accumulateSteps };
        var spec = Spec with { Steps = 4, Learning = learning };
        using var folder = new TemporaryFolder();
        // Large enough for matrices whose moments have a byte a number.
        using (var learner = LearnerSamples.Learner(folder, spec, TestModels.Config with { IntermediateSize = 160 }))
        {
            for (var step = 1; step <= 4; step++) learner.Update(spec, step, folder[$"{step - 1}"], LearnerSamples.Groups(step), folder[$"{step}"], Token);
        }

        Directory.CreateDirectory(folder["restarted"]);
        CopyFolder(folder["0"], folder["restarted/0"]);
        for (var step = 1; step <= 4; step++)
        {
            using var learner = new GrpoLearner(TimeProvider.System, threads: 1);
            learner.Update(spec, step, folder[$"restarted/{step - 1}"], LearnerSamples.Groups(step), folder[$"restarted/{step}"], Token);
        }

        AssertSameFiles(folder["4"], folder["restarted/4"]);
    }

    [Fact]
    public void A_learner_that_is_ahead_goes_back_to_the_folder_it_is_given()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        learner.Update(Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["1"], Token);
        learner.Update(Spec, 2, folder["1"], LearnerSamples.Groups(2), folder["2"], Token);

        learner.Update(Spec, 2, folder["1"], LearnerSamples.Groups(2), folder["again"], Token);

        AssertSameFiles(folder["2"], folder["again"]);
    }

    [Fact]
    public void A_cancelled_update_leaves_nothing_behind_in_memory()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        learner.Update(Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["1"], Token);

        Assert.Throws<OperationCanceledException>(() => learner.Update(Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["cancelled"], new CancellationToken(true)));
        learner.Update(Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["again"], Token);

        AssertSameFiles(folder["1"], folder["again"]);
    }

    [Fact]
    public void Without_groups_the_weights_stay_and_a_whole_folder_is_written()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);

        var summary = learner.Update(Spec, 1, folder["0"], [], folder["1"], Token);

        Assert.Equal((0, 0, 0.0), (summary.Updates, summary.Rows, summary.Loss));
        AssertSameFiles(folder["0"], folder["1"]);
    }

    [Fact]
    public void An_update_that_is_skipped_says_why_and_names_its_rollouts()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        var row = new TrainingRow([3, 4], [-2, -2], double.NaN) { Index = 5 };

        var summary = learner.Update(Spec, 1, folder["0"], [new TrainingGroup([5, 6], [row]) { Task = TaskId.Parse("poisoned") }], folder["1"], Token);

        Assert.Equal((0, 1), (summary.Updates, summary.SkippedUpdates));
        var skipped = Assert.Single(summary.Skipped);
        Assert.Equal((1, "the loss is not a number"), (skipped.Minibatch, skipped.Reason));
        var rollouts = Assert.Single(skipped.Rollouts);
        Assert.Equal("poisoned", rollouts.Task.Value);
        Assert.Equal([5], rollouts.Indices);
        AssertSameFiles(folder["0"], folder["1"]);
    }

    [Fact]
    public void A_folder_that_is_no_policy_of_a_run_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        CheckpointFolder.Save(model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), folder["plain"]);
        using var learner = new GrpoLearner(TimeProvider.System);

        var error = Assert.Throws<CheckpointException>(() => learner.Update(Spec, 1, folder["plain"], LearnerSamples.Groups(1), folder["1"], Token));

        Assert.Contains("training_state.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_another_update_than_the_training_state_are_refused()
    {
        using var folder = new TemporaryFolder();
        using (var learner = LearnerSamples.Learner(folder)) learner.Update(Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["1"], Token);
        File.Copy(Path.Combine(folder["0"], "model.safetensors"), Path.Combine(folder["1"], "model.safetensors"), overwrite: true);
        using var fresh = new GrpoLearner(TimeProvider.System);

        var error = Assert.Throws<CheckpointException>(() => fresh.Update(Spec, 2, folder["1"], LearnerSamples.Groups(2), folder["2"], Token));

        Assert.Contains("model.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_cannot_teach_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var learner = new GrpoLearner(TimeProvider.System);

        Refused(Spec with { Sampling = new SamplingSpec { Temperature = 0 } }, "sampling.temperature");
        Refused(Spec with { Learning = new LearningSpec { Loss = "magic" } }, "learning.loss");
        Refused(Spec with { Learning = new LearningSpec { Normalisation = "magic" } }, "learning.normalisation");
        Refused(Spec with { Model = new ModelSpec { Source = "hf:" + folder["nowhere"] } }, "nowhere");
        Refused(Spec with { Model = new ModelSpec { Source = "warmup:chess" } }, "model.source");
        Refused(Spec with { Model = new ModelSpec { Source = "warmup:arithmetic?target=2" } }, "model.source");
        Refused(Spec with { Model = new ModelSpec { Source = "warmup:arithmetic?aim=0.4" } }, "model.source");

        void Refused(RunSpec spec, string place) =>
            Assert.Contains(place, Assert.Throws<InvalidInputException>(() => learner.Prepare(spec, folder["0"], new Notes(), Token)).Errors[0].Place, StringComparison.Ordinal);
    }

    /// <summary>Mean log-prob of the first tokens of the rewarded or the other rows.</summary>
    private static double Mean(string folder, TrainingGroup[] groups, bool rewarded)
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointFolder.Load(folder);
        return groups.Average(group =>
        {
            var logProbs_V = model.Logits(tensor(group.PromptIds).to(ScalarType.Int64).unsqueeze(0))[0][^1].log_softmax(-1);
            return logProbs_V[rewarded ? 3 : 4].item<float>();
        });
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static void AssertSameFiles(string expected, string actual)
    {
        var names = Directory.GetFiles(expected).Select(Path.GetFileName).Order().ToList();
        Assert.Contains("training_state.safetensors", names);
        Assert.Equal(names, Directory.GetFiles(actual).Select(Path.GetFileName).Order());
        foreach (var name in names) Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name!)), File.ReadAllBytes(Path.Combine(actual, name!)));
    }
}
