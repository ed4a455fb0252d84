using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Reads a <see cref="RunSpec"/> and lists everything wrong with it at once; an absent member has its default.</summary>
public static class RunSpecReader
{
    public const int MaxSteps = 1_000_000;
    internal const int MaxRollouts = 100_000;
    internal const double AnyPositive = 1e-12;

    /// <param name="place">File name for error messages.</param>
    /// <exception cref="InvalidInputException">Every error, with file, line and member.</exception>
    public static RunSpec Read(string place, string json)
    {
        var errors = new List<InputError>();
        var reader = new ObjectReader(place, LocatedJson.Parse(place, json), errors);
        var spec = ReadSpec(reader);
        reader.RefuseUnknown();
        return errors.Count == 0 ? spec : throw new InvalidInputException(errors);
    }

    private static RunSpec ReadSpec(ObjectReader reader)
    {
        var byDefault = new RunSpec();
        return new RunSpec
        {
            Name = reader.Text("name", byDefault.Name, name => RunId.TryParse(name, out _) && name.Length <= 40 ? null : "must be 1 to 40 of a-z, 0-9 and '-', starting with a letter or digit"),
            Seed = reader.Seed("seed", byDefault.Seed),
            Steps = reader.Whole("steps", byDefault.Steps, 1, MaxSteps),
            Model = reader.Nested("model", byDefault.Model, ReadModel),
            Tasks = reader.Nested("tasks", byDefault.Tasks, ReadTasks),
            Allocation = reader.Nested("allocation", byDefault.Allocation, AllocationSpecReader.Read),
            Sampling = reader.Nested("sampling", byDefault.Sampling, ReadSampling),
            Splitting = reader.Nested("splitting", byDefault.Splitting, ReadSplitting),
            Learning = reader.Nested("learning", byDefault.Learning, ReadLearning),
            Evaluation = reader.Nested("evaluation", byDefault.Evaluation, ReadEvaluation),
            Checkpoints = reader.Nested("checkpoints", byDefault.Checkpoints, ReadCheckpoints),
            Limits = reader.Nested("limits", byDefault.Limits, ReadLimits),
        };
    }

    private static ModelSpec ReadModel(ObjectReader reader) => new()
    {
        Source = reader.Text("source", new ModelSpec().Source, source =>
            source.StartsWith("warmup:", StringComparison.Ordinal) || source.StartsWith("hf:", StringComparison.Ordinal)
                ? null
                : $"'{source}' is unknown; use warmup:arithmetic or hf:FOLDER"),
    };

    private static TaskSpec ReadTasks(ObjectReader reader)
    {
        var byDefault = new TaskSpec();
        return new TaskSpec
        {
            Source = reader.Text("source", byDefault.Source),
            Verifier = reader.Choice("verifier", byDefault.Verifier, Verifiers.Names),
            PerStep = reader.Whole("perStep", byDefault.PerStep, 1, MaxSteps),
            Selection = reader.Choice("selection", byDefault.Selection, TaskSelection.Names),
        };
    }

    private static SamplingSpec ReadSampling(ObjectReader reader)
    {
        var byDefault = new SamplingSpec();
        return new SamplingSpec
        {
            Temperature = reader.Number("temperature", byDefault.Temperature, 0, 100),
            TopP = reader.Number("topP", byDefault.TopP, AnyPositive, 1),
            TopK = reader.Whole("topK", byDefault.TopK, 0, int.MaxValue),
            MaxTokens = reader.Whole("maxTokens", byDefault.MaxTokens, 1, 1_000_000),
        };
    }

    private static SplittingSpec ReadSplitting(ObjectReader reader)
    {
        var byDefault = new SplittingSpec();
        return new SplittingSpec
        {
            ItemTokens = reader.Whole("itemTokens", byDefault.ItemTokens, 1, int.MaxValue),
            MinItems = reader.Whole("minItems", byDefault.MinItems, 1, 10_000),
        };
    }

    private static LearningSpec ReadLearning(ObjectReader reader)
    {
        var byDefault = new LearningSpec();
        return new LearningSpec
        {
            Loss = reader.Choice("loss", byDefault.Loss, ["grpo"]),
            Normalisation = reader.Choice("normalisation", byDefault.Normalisation, ["effective"]),
            LearningRate = reader.Number("learningRate", byDefault.LearningRate, 0, 10),
            WarmupSteps = reader.Whole("warmupSteps", byDefault.WarmupSteps, 0, MaxSteps),
            ClipLow = reader.Number("clipLow", byDefault.ClipLow, 0, 1),
            ClipHigh = reader.Number("clipHigh", byDefault.ClipHigh, 0, 100),
            MinibatchRows = reader.Whole("minibatchRows", byDefault.MinibatchRows, 1, int.MaxValue),
            GradNorm = reader.Number("gradNorm", byDefault.GradNorm, AnyPositive, 1e9),
            Beta1 = reader.Number("beta1", byDefault.Beta1, 0, 0.999999),
            Beta2 = reader.Number("beta2", byDefault.Beta2, 0, 0.999999),
            WeightDecay = reader.Number("weightDecay", byDefault.WeightDecay, 0, 10),
            MaxLag = reader.Whole("maxLag", byDefault.MaxLag, 0, 0),
        };
    }

    private static EvaluationSpec ReadEvaluation(ObjectReader reader)
    {
        var byDefault = new EvaluationSpec();
        return new EvaluationSpec
        {
            Every = reader.Whole("every", byDefault.Every, 0, MaxSteps),
            Tasks = reader.Text("tasks", byDefault.Tasks),
            Samples = reader.Whole("samples", byDefault.Samples, 1, MaxRollouts),
        };
    }

    private static CheckpointSpec ReadCheckpoints(ObjectReader reader) =>
        new() { KeepEvery = reader.Whole("keepEvery", new CheckpointSpec().KeepEvery, 0, MaxSteps) };

    private static LimitsSpec ReadLimits(ObjectReader reader)
    {
        var limits = new LimitsSpec
        {
            Rollouts = (long?)reader.OptionalNumber("rollouts", 1, 1e15),
            GpuSeconds = reader.OptionalNumber("gpuSeconds", AnyPositive, 1e12),
            Usd = reader.OptionalNumber("usd", AnyPositive, 1e12),
        };
        if (limits.Usd is not null) reader.Refuse("usd", "needs a price for the machine, and this one has none; limit gpuSeconds or rollouts instead");
        return limits;
    }
}
