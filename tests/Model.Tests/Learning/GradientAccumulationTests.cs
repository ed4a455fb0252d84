using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public sealed class GradientAccumulationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Normalisations => [.. LossNormalisations.Names];

    [Theory]
    [MemberData(nameof(Normalisations))]
    public void Steps_accumulated_are_one_step_with_all_their_rollouts(string normalisation)
    {
        using var learner = LearnerSamples.Learner(_folder);
        // Of different sizes by every measure, and one that teaches nothing.
        TrainingBatch[] steps = [Batch(Sized(1, 4, 8), 300), new TrainingBatch([], 50), Batch(Sized(2, 2, 4), 100)];
        var whole = Spec(1) with { Learning = Spec(1).Learning with { Normalisation = normalisation, MinibatchRows = 1000 } };
        Update(learner, whole, 1, new TrainingBatch([.. steps.SelectMany(step => step.Groups)], steps.Sum(step => step.RolloutTokens)), "0", "whole");

        var spec = Spec(3) with { Learning = Spec(3).Learning with { Normalisation = normalisation } };
        var summaries = Run(learner, spec, steps);

        Assert.Equal([0, 0, 1], summaries.Select(summary => summary.Updates));
        Assert.Equal([32, 32, 0], summaries.Select(summary => summary.AccumulatedRows));
        AssertClose(Means("whole"), Means("3"));
    }

    [Fact]
    public void Until_the_update_the_policy_stays_and_the_last_step_of_a_run_makes_one()
    {
        using var learner = LearnerSamples.Learner(_folder);
        var summaries = Run(learner, Spec(3) with { Steps = 4 }, [.. Enumerable.Range(1, 4).Select(Step)]);

        Assert.Equal([(0, 32), (0, 64), (1, 0), (1, 0)], summaries.Select(summary => (summary.Updates, summary.AccumulatedRows)));
        Assert.Equal([Weights("0"), Weights("0")], [Weights("1"), Weights("2")]);
        Assert.NotEqual(Weights("2"), Weights("3"));
        Assert.NotEqual(Weights("3"), Weights("4"));
    }

    [Fact]
    public void A_step_that_is_skipped_leaves_what_has_accumulated()
    {
        using var learner = LearnerSamples.Learner(_folder);
        Run(learner, Spec(3), [Step(1), new TrainingBatch([], 0), Step(3)]);
        var expected = Weights("3");
        var poisoned = new TrainingGroup([5, 6], [new TrainingRow([3, 4], [-2, -2], double.NaN)]) { Task = TaskId.Parse("poisoned") };

        var summaries = Run(learner, Spec(3), [Step(1), LearnerSamples.Batch([poisoned]), Step(3)]);

        Assert.Equal([(0, 0, 32), (0, 1, 32), (1, 0, 0)], summaries.Select(summary => (summary.Updates, summary.SkippedUpdates, summary.AccumulatedRows)));
        Assert.Equal(expected, Weights("3"));
    }

    [Fact]
    public void A_skipped_step_does_not_hold_up_the_update_that_is_due_in_it()
    {
        using var learner = LearnerSamples.Learner(_folder);
        var poisoned = new TrainingGroup([5, 6], [new TrainingRow([3, 4], [-2, -2], double.NaN)]) { Task = TaskId.Parse("poisoned") };
        var summaries = Run(learner, Spec(2), [Step(1), LearnerSamples.Batch([poisoned])]);
        Assert.Equal((1, 1, 0), (summaries[1].Updates, summaries[1].SkippedUpdates, summaries[1].AccumulatedRows));
    }

    [Fact]
    public void Steps_without_anything_to_learn_make_no_update()
    {
        using var learner = LearnerSamples.Learner(_folder);
        var summaries = Run(learner, Spec(2), [new TrainingBatch([], 40), new TrainingBatch([], 40)]);
        Assert.Equal((0, 0), (summaries[1].Updates, summaries[1].AccumulatedRows));
        Assert.Equal(File.ReadAllBytes(_folder["0/training_state.json"]), File.ReadAllBytes(_folder["2/training_state.json"]));
    }

    [Fact]
    public void Gradients_that_a_state_names_and_does_not_have_are_refused()
    {
        using (var learner = LearnerSamples.Learner(_folder)) Run(learner, Spec(2), [Step(1)]);
        // The moments alone, with the hash that the state has of them.
        var state = File.ReadAllText(_folder["1/training_state.json"]);
        File.Copy(_folder["0/training_state.safetensors"], _folder["1/training_state.safetensors"], overwrite: true);
        File.WriteAllText(_folder["1/training_state.json"], state.Replace(Hash(state), Hash(File.ReadAllText(_folder["0/training_state.json"])), StringComparison.Ordinal));

        using var fresh = new GrpoLearner(TimeProvider.System);
        var error = Assert.Throws<CheckpointException>(() => Update(fresh, Spec(2), 2, Step(2), "1", "2"));

        Assert.Contains("grad.", error.Message, StringComparison.Ordinal);
    }

    private static RunSpec Spec(int accumulateSteps) => LearnerSamples.Spec with { Learning = LearnerSamples.Spec.Learning with { AccumulateSteps = accumulateSteps, GradNorm = 1e6 } };

    private static TrainingBatch Step(int step) => LearnerSamples.Batch(LearnerSamples.Groups(step));

    private static TrainingBatch Batch(TrainingGroup[] groups, long rolloutTokens) => new(groups, rolloutTokens);

    private static TrainingGroup[] Sized(int seed, int groups, int rows) =>
        [.. LearnerSamples.Groups(seed).Take(groups).Select(group => group with { Rows = [.. group.Rows.Take(rows)] })];

    /// <summary>The steps from 1 on, each in a folder of its number, the start in that of 0.</summary>
    private LearningSummary[] Run(GrpoLearner learner, RunSpec spec, TrainingBatch[] steps) =>
        [.. steps.Select((batch, i) => Update(learner, spec, i + 1, batch, $"{i}", $"{i + 1}"))];

    private LearningSummary Update(GrpoLearner learner, RunSpec spec, int step, TrainingBatch batch, string from, string to) =>
        learner.Update(spec, new LearningInput { Step = step, BaseFolder = _folder[from], Batch = batch }, _folder[to], TestContext.Current.CancellationToken);

    private byte[] Weights(string folder) => File.ReadAllBytes(_folder[$"{folder}/model.safetensors"]);

    private static string Hash(string state) =>
        System.Text.Json.JsonDocument.Parse(state).RootElement.GetProperty("sha256").GetProperty("training_state.safetensors").GetString()!;

    /// <summary>AdamW's first moments by name: after one update a tenth of its gradient.</summary>
    private Dictionary<string, float[]> Means(string folder)
    {
        using var scope = NewDisposeScope();
        using var reader = SafetensorsReader.Open(_folder[$"{folder}/training_state.safetensors"]);
        return reader.Header.Tensors.Keys.Where(name => name.StartsWith("exp_avg.", StringComparison.Ordinal)).ToDictionary(name => name, name => reader.Read(name).data<float>().ToArray());
    }

    private static void AssertClose(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, means) in expected)
        {
            var largest = means.Max(Math.Abs);
            Assert.True(largest > 0, name);
            Assert.All(means.Zip(actual[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * largest));
        }
    }
}
