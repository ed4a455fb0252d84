using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>A learner with a small random policy, and steps for it to learn from.</summary>
internal static class LearnerSamples
{
    public static RunSpec Spec { get; } = new() { Seed = 4, Learning = new LearningSpec { MinibatchRows = 16, LearningRate = 1e-2 } };

    /// <summary>A learner that made policy 0 from a Hugging Face folder.</summary>
    public static GrpoLearner Learner(TemporaryFolder folder, RunSpec? spec = null, ModelConfig? config = null)
    {
        using var model = DecoderModel.Random(config ?? TestModels.Config, seed: 3);
        CheckpointFolder.Save(model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), folder["source"]);
        var learner = new GrpoLearner(TimeProvider.System);
        learner.Prepare((spec ?? Spec) with { Model = new ModelSpec { Source = $"hf:{folder["source"]}" } }, folder["0"], new Notes(), TestContext.Current.CancellationToken);
        return learner;
    }

    /// <summary>An update on groups that are all of their step.</summary>
    public static LearningSummary Update(
        this GrpoLearner learner, RunSpec spec, int step, string baseFolder, IReadOnlyList<TrainingGroup> groups, string outputFolder, CancellationToken cancellation) =>
        learner.Update(spec, new LearningInput { Step = step, BaseFolder = baseFolder, Batch = Batch(groups) }, outputFolder, cancellation);

    /// <summary>Groups that are all of their step.</summary>
    public static TrainingBatch Batch(IReadOnlyList<TrainingGroup> groups) =>
        new(groups, groups.Sum(group => group.Rows.Sum(row => (long)row.CompletionIds.Length)));

    /// <summary>Four groups of eight rows; the rewarded rows of a group are those that start with token 3.</summary>
    public static TrainingGroup[] Groups(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 4).Select(_ => new TrainingGroup([5, 6, random.Next(16)], [.. Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? Row(3, 1) : Row(4, -1))]))];

        TrainingRow Row(int first, double advantage)
        {
            var more = random.Next(4);
            return new TrainingRow([first, .. Enumerable.Range(0, more).Select(_ => random.Next(16))], [.. Enumerable.Repeat(-2.5f, more + 1)], advantage);
        }
    }
}
