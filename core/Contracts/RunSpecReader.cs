using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Reads a <see cref="RunSpec"/> and lists everything wrong with it at once; an absent member has its default.</summary>
public static class RunSpecReader
{
    public const int MaxSteps = 1_000_000;
    internal const int MaxRollouts = 100_000;
    private const int MostStops = 16;
    private const int LongestStop = 200;
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
        var sampling = reader.Nested("sampling", byDefault.Sampling, ReadSampling);
        var tasks = reader.Nested("tasks", byDefault.Tasks, ReadTasks);
        return new RunSpec
        {
            Name = reader.Text("name", byDefault.Name, name => RunId.TryParse(name, out _) && name.Length <= 40 ? null : "must be 1 to 40 of a-z, 0-9 and '-', starting with a letter or digit"),
            Seed = reader.Seed("seed", byDefault.Seed),
            Steps = reader.Whole("steps", byDefault.Steps, 1, MaxSteps),
            Model = reader.Nested("model", byDefault.Model, ReadModel),
            Tasks = tasks,
            Allocation = reader.Nested("allocation", AllocationSpecReader.Default(tasks.Selection), allocation => AllocationSpecReader.Read(allocation, tasks.Selection)),
            Sampling = sampling,
            Splitting = reader.Nested("splitting", byDefault.Splitting, ReadSplitting),
            Learning = reader.Nested("learning", byDefault.Learning, learning => LearningSpecReader.Read(learning, sampling)),
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
        Adapter = reader.OptionalNested("adapter", AdapterSpec.Read),
    };

    private static TaskSpec ReadTasks(ObjectReader reader)
    {
        var byDefault = new TaskSpec();
        var source = reader.Text("source", byDefault.Source);
        var tasks = new TaskSpec
        {
            Source = source,
            Layout = reader.OptionalNested("layout", TaskLayout.Read),
            Verifier = ReadVerifier(reader, source, byDefault.Verifier),
            PerStep = reader.Whole("perStep", byDefault.PerStep, 1, MaxSteps),
            Selection = reader.Choice("selection", byDefault.Selection, TaskSelection.Names),
            Chat = reader.Flag("chat", byDefault.Chat),
            System = reader.OptionalText("system"),
        };
        if (tasks.Layout is not null && ProceduralSource.Matches(source)) reader.Refuse("layout", $"is of files; {source} has no columns");
        if (tasks is { System: not null, Chat: false }) reader.Refuse("system", "is a turn of a conversation; it needs tasks.chat true");
        return tasks;
    }

    private static string ReadVerifier(ObjectReader reader, string source, string byDefault)
    {
        var deciding = ProceduralSource.VerifiersOf(source);
        var verifier = reader.Text("verifier", deciding.FirstOrDefault(byDefault));
        var problems = Verifiers.Problems(verifier);
        foreach (var problem in problems) reader.Refuse("verifier", problem);
        if (problems.Count == 0 && deciding.Count > 0 && !Verifiers.Terms(verifier).Any(deciding.Contains))
            reader.Refuse("verifier", $"is '{verifier}', which does not decide the tasks of {source}: use {string.Join(" or ", deciding)}, alone or in a weighted sum");
        return verifier;
    }

    private static SamplingSpec ReadSampling(ObjectReader reader)
    {
        var byDefault = new SamplingSpec();
        var sampling = new SamplingSpec
        {
            Temperature = reader.Number("temperature", byDefault.Temperature, 0, 100),
            TopP = reader.Number("topP", byDefault.TopP, AnyPositive, 1),
            TopK = reader.Whole("topK", byDefault.TopK, 0, int.MaxValue),
            MaxTokens = reader.Whole("maxTokens", byDefault.MaxTokens, 1, 1_000_000),
            MinTokens = reader.Whole("minTokens", byDefault.MinTokens, 0, 1_000_000),
            Stop = reader.Texts("stop", MostStops, LongestStop),
            StopTokens = reader.WholeNumbers("stopTokens", MostStops, 0, int.MaxValue),
        };
        if (sampling.MinTokens > sampling.MaxTokens) reader.Refuse("minTokens", $"is {sampling.MinTokens}, above the longest completion of {sampling.MaxTokens}");
        return sampling;
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

    private static EvaluationSpec ReadEvaluation(ObjectReader reader)
    {
        var byDefault = new EvaluationSpec();
        return new EvaluationSpec
        {
            Every = reader.Whole("every", byDefault.Every, 0, MaxSteps),
            Tasks = reader.Text("tasks", byDefault.Tasks),
            Layout = reader.OptionalNested("layout", TaskLayout.Read),
            Overlap = reader.Choice("overlap", byDefault.Overlap, [TaskOverlap.Refuse, TaskOverlap.Drop, TaskOverlap.Keep]),
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
            Seconds = reader.OptionalNumber("seconds", AnyPositive, 1e12),
            Usd = reader.OptionalNumber("usd", AnyPositive, 1e12),
            Gpu = reader.OptionalChoice("gpu", PriceList.Current.Names),
        };
        if (limits is { Usd: not null, Gpu: null }) reader.Refuse("usd", $"needs limits.gpu, the machine whose price counts: {string.Join(", ", PriceList.Current.Names)}");
        return limits;
    }
}
