using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Tests.Learning;
using KnapsackCloud.Model.Tests.Weights;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.LowRank;

public sealed class AdapterLearningTests : IDisposable
{
    private static readonly CancellationToken Token = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(AdapterSpec.PublishAdapter)]
    [InlineData(AdapterSpec.PublishMerged)]
    [InlineData(AdapterSpec.PublishAdapter, 2)]
    [InlineData(AdapterSpec.PublishAdapter, 1, 16)]
    [InlineData(AdapterSpec.PublishMerged, 2, 16)]
    public void Only_the_adapter_learns_and_restarting_gives_the_bits_of_going_on(string publish, int accumulateSteps = 1, int headDim = 8)
    {
        var spec = Spec(publish, headDim) with { Steps = 3, Learning = LearnerSamples.Spec.Learning with { AccumulateSteps = accumulateSteps } };
        using (var learner = new GrpoLearner(TimeProvider.System))
        {
            learner.Prepare(spec, _folder["0"], new Notes(), Token);
            for (var step = 1; step <= 3; step++) Update(learner, spec, step, "");
        }

        Copy(_folder["0"], _folder["again0"]);
        for (var step = 1; step <= 3; step++)
        {
            using var learner = new GrpoLearner(TimeProvider.System, threads: 1);
            Update(learner, spec, step, "again");
        }

        foreach (var file in Directory.GetFiles(_folder["3"])) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_folder[$"again3/{Path.GetFileName(file)}"]));
        Assert.Equal(publish == AdapterSpec.PublishMerged, File.Exists(_folder["3/model.safetensors"]));
        using var basis = CheckpointFolder.Load(_folder["0"]);
        using var merged = PolicyFolder.LoadAdapted(_folder["3"], basis);
        CheckpointFolderTests.AssertSameBytes(basis.Embedding_VxD, merged.Embedding_VxD);
        Assert.False(basis.Layers[0].Output_DxQ.bytes.SequenceEqual(merged.Layers[0].Output_DxQ.bytes));
        if (publish != AdapterSpec.PublishMerged) return;
        using var whole = CheckpointFolder.Load(_folder["3"]);
        foreach (var (expected, actual) in merged.Parameters.Zip(whole.Parameters)) CheckpointFolderTests.AssertSameBytes(expected, actual);
    }

    [Fact]
    public void What_was_rewarded_becomes_more_likely()
    {
        var spec = Spec(AdapterSpec.PublishAdapter);
        using var learner = new GrpoLearner(TimeProvider.System);
        learner.Prepare(spec, _folder["0"], new Notes(), Token);
        for (var step = 1; step <= 3; step++) Update(learner, spec, step, "");
        using var basis = CheckpointFolder.Load(_folder["0"]);
        using var merged = PolicyFolder.LoadAdapted(_folder["3"], basis);
        Assert.True(Rewarded(merged) > Rewarded(basis) + 0.1);
    }

    [Fact]
    public async Task Workers_generate_with_adapters_on_one_base_that_is_loaded_once()
    {
        var spec = Spec(AdapterSpec.PublishAdapter);
        using (var learner = new GrpoLearner(TimeProvider.System))
        {
            learner.Prepare(spec, _folder["0"], new Notes(), Token);
            for (var step = 1; step <= 3; step++) Update(learner, spec, step, "");
        }

        var folders = new Folders(_folder.Path);
        using var loader = new PolicyLoader(folders);
        var prompt = new GenerationPrompt([5, 6, 7], [1, 2, 3, 4]);
        for (var version = 1; version <= 3; version++)
        {
            using var basis = CheckpointFolder.Load(_folder["0"]);
            using var merged = PolicyFolder.LoadAdapted(_folder[$"{version}"], basis);
            using var policy = await loader.OpenAsync(RunId.Parse("r"), new PolicyVersion(version), Token);
            Assert.Equal(
                new GenerationEngine(merged).Generate([prompt], new SamplingSpec(), Token)[0].Select(completion => completion.TokenIds),
                policy.Generator.Generate([prompt], new SamplingSpec(), Token)[0].Select(completion => completion.TokenIds));
        }

        Assert.Equal([1, 0, 2, 3], folders.Fetched);
    }

    [Fact]
    public void A_model_with_an_adapter_beside_it_is_opened_as_one_and_an_adapter_alone_is_refused()
    {
        using var source = DecoderModel.Random(TestModels.Config, 1);
        CheckpointFolder.Save(source, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), _folder["base"]);
        using (var adapter = LowRankAdapterTests.Trained(TestModels.Config, new AdapterSettings(2, 4, AdapterSpec.AllTargets))) AdapterFolder.Save(adapter, "base", _folder["adapter"]);
        using var opened = PolicyFolder.Load(_folder["base"], _folder["adapter"], _ => ScalarType.Float32);
        using var merged = PolicyFolder.LoadAdapted(_folder["adapter"], source);
        foreach (var (expected, actual) in merged.Parameters.Zip(opened.Parameters)) CheckpointFolderTests.AssertSameBytes(expected, actual);
        Assert.Contains("only an adapter", Assert.Throws<InvalidInputException>(() => PolicyFolder.Load(_folder["adapter"], null, _ => ScalarType.Float32)).Message, StringComparison.Ordinal);
        Assert.Contains("adapter_config.json", Assert.Throws<InvalidInputException>(() => PolicyFolder.Load(_folder["base"], _folder["base"], _ => ScalarType.Float32)).Message, StringComparison.Ordinal);
    }

    /// <param name="headDim">With 16 the kernels for CPUs learn.</param>
    private RunSpec Spec(string publish, int headDim = 8)
    {
        using var model = DecoderModel.Random(TestModels.Config with { Architecture = Architecture.Qwen2, HeadDim = headDim }, seed: 3);
        CheckpointFolder.Save(model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), _folder["source"]);
        return LearnerSamples.Spec with { Model = new ModelSpec { Source = $"hf:{_folder["source"]}", Adapter = new AdapterSpec { Rank = 4, Publish = publish } } };
    }

    private void Update(GrpoLearner learner, RunSpec spec, int step, string prefix) =>
        learner.Update(spec, new LearningInput
        {
            Step = step,
            BaseFolder = _folder[$"{prefix}{step - 1}"],
            InitialFolder = _folder[$"{prefix}0"],
            Batch = LearnerSamples.Batch(LearnerSamples.Groups(step)),
        }, _folder[$"{prefix}{step}"], Token);

    /// <summary>Log-prob of token 3, with which rewarded completions start, less that of token 4.</summary>
    private static float Rewarded(DecoderModel model)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var logits = model.Logits(TorchSharp.torch.tensor(new long[] { 5, 6, 7 }, 1, 3))[0, -1];
        return (logits[3] - logits[4]).item<float>();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private sealed class Folders(string root) : IPolicyFolders
    {
        public List<int> Fetched { get; } = [];

        public Task<string> FetchAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
        {
            Fetched.Add(version.Value);
            return Task.FromResult(Path.Combine(root, $"{version.Value}"));
        }

        public string CreateWorkFolder(RunId run, PolicyVersion version) => throw new NotSupportedException();

        public Task<bool> PublishAsync(RunId run, PolicyVersion version, string folder, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
