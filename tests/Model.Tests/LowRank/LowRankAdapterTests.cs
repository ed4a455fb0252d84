using System.Text.Json.Nodes;
using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Tests.Learning;
using KnapsackCloud.Model.Tests.Weights;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static KnapsackCloud.Model.Tests.KernelNumbers;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.LowRank;

public class LowRankAdapterTests
{
    private static readonly AdapterSettings Settings = new(3, 6, AdapterSpec.AllTargets);

    [Fact]
    public void A_fresh_adapter_changes_nothing()
    {
        using var scope = NewDisposeScope();
        using var basis = DecoderModel.Random(TestModels.Config, 1);
        using var adapter = LowRankAdapter.Random(TestModels.Config, Settings, 2);
        using var merged = adapter.Merged(basis);
        foreach (var (expected, actual) in basis.Parameters.Zip(merged.Parameters)) CheckpointFolderTests.AssertSameBytes(expected, actual);
        Assert.All(adapter.Matrices, matrix => Assert.InRange(matrix.Down_RxI.abs().max().item<float>(), 0.01, 1 / Math.Sqrt(matrix.Down_RxI.shape[1])));
    }

    [Fact]
    public void Merging_adds_the_scaled_product_to_the_named_projections_and_nothing_else() => TestModels.Configs.Sample(config =>
    {
        using var scope = NewDisposeScope();
        using var basis = DecoderModel.Random(config, 1);
        using var adapter = Trained(config, new AdapterSettings(2, 3, ["k_proj", "down_proj"]));
        using var merged = adapter.Merged(basis);
        adapter.MergeInto(merged, basis);
        foreach (var tensor in LlamaLayout.Tensors(config))
        {
            var (before, after) = (Rows(basis, tensor), Rows(merged, tensor));
            if (adapter.Matrices.SingleOrDefault(matrix => tensor.Name == $"{matrix.Module}.weight") is not { } matrix)
            {
                CheckpointFolderTests.AssertSameBytes(before.contiguous(), after.contiguous());
                continue;
            }

            var expected = before.to(ScalarType.Float64).Plus(matrix.Up_OxR.to(ScalarType.Float64).mm(matrix.Down_RxI.to(ScalarType.Float64)).Times(1.5));
            Assert.InRange((expected - after).abs().max().item<double>(), 0, 1e-5);
            Assert.True((before - after).abs().max().item<float>() > 1e-3);
        }

        Assert.Equal(2 * config.NumHiddenLayers, adapter.Matrices.Count);
    }, iter: 20);

    [Fact]
    public void Gradients_are_those_of_the_merged_weights_by_the_chain_rule() => AssertChainRule(TestModels.Configs, LearningSamples.PackedGroups);

    [Fact]
    public void Gradients_by_the_kernels_for_cpus_are_those_of_the_merged_weights_by_the_chain_rule()
    {
        SkipWithoutKernels();
        AssertChainRule(TestModels.ConfigsOfWholeVectors.Select(config => config with { MaxPositionEmbeddings = 96 }), Gen.OneOf(LearningSamples.PackedGroups, LearningSamples.LongPackedGroups), byKernels: true);
    }

    private static void AssertChainRule(Gen<ModelConfig> configs, Gen<PackedGroup[]> minibatches, bool byKernels = false) =>
        (from config in configs from groups in minibatches from targets in Gen.Shuffle(AdapterSpec.AllTargets.ToArray()) from count in Gen.Int[1, 7] from again in Gen.Bool select (config, groups, targets[..count], again)).Sample(sample =>
        {
            using var scope = NewDisposeScope();
            using var basis = TestModels.Disturbed(sample.config, 1);
            using var adapter = Trained(sample.config, Settings with { Targets = [.. AdapterSpec.AllTargets.Where(sample.Item3.Contains)] });
            using var merged = adapter.Merged(basis);
            using var whole = new GradientShard(LearningReplica.OfWeights(merged));
            using var small = new GradientShard(LearningReplica.OfAdapter(merged, adapter));
            if (byKernels) Assert.True(small.HasKernels);
            var rule = LearningSamples.Rule with { Recompute = sample.again };

            // Twice: the second replaces the first.
            small.Compute([sample.groups], LearningSamples.Rule);
            // Layers made again are those that were kept, to the bit, but the kernels' are not the library's.
            Assert.Equal(whole.Compute([sample.groups], byKernels ? rule : LearningSamples.Rule), small.Compute([sample.groups], rule));

            foreach (var (number, matrix) in adapter.Matrices.Index())
            {
                var gradient_OI = matrix.RowsOf(whole.Gradient.Views);
                Closeness.AssertClose(matrix.Up_OxR.t().mm(gradient_OI).Times(Settings.Scale), small.Gradient.Views[2 * number], 1e-4);
                Closeness.AssertClose(gradient_OI.mm(matrix.Down_RxI.t()).Times(Settings.Scale), small.Gradient.Views[(2 * number) + 1], 1e-4);
            }
        }, iter: 60);

    [Fact]
    public void A_saved_adapter_has_the_layout_of_PEFT_and_loads_bit_for_bit() => TestModels.Configs.Sample(config =>
    {
        using var folder = new TemporaryFolder();
        using var adapter = Trained(config, Settings);
        AdapterFolder.Save(adapter, "base", folder.Path);
        using (var reader = SafetensorsReader.Open(folder["adapter_model.safetensors"]))
        {
            Assert.Equal(14 * config.NumHiddenLayers, reader.Header.Tensors.Count);
            Assert.Equal([3, config.HiddenSize], reader.Header.Tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"].Shape);
            Assert.Equal([config.QuerySize, 3], reader.Header.Tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"].Shape);
        }

        using var loaded = AdapterFolder.Load(folder.Path, config);
        Assert.Equal((adapter.Settings.Rank, adapter.Settings.Alpha), (loaded.Settings.Rank, loaded.Settings.Alpha));
        foreach (var (before, after) in adapter.Tensors.Zip(loaded.Tensors)) CheckpointFolderTests.AssertSameBytes(before, after);
    }, iter: 10);

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "peft_type")]
    [InlineData("use_dora", "true", "use_dora")]
    [InlineData("bias", "\"all\"", "bias")]
    [InlineData("rank_pattern", """{"q_proj":4}""", "rank_pattern")]
    [InlineData("modules_to_save", """["lm_head"]""", "modules_to_save")]
    [InlineData("target_modules", """["q_proj","experts"]""", "target_modules")]
    [InlineData("r", "0", "r")]
    [InlineData("r", "4", "lora_A.weight")]
    [InlineData("target_modules", """["q_proj"]""", "is unexpected")]
    public void What_is_not_supported_or_does_not_fit_is_refused(string member, string value, string place)
    {
        using var folder = new TemporaryFolder();
        using (var adapter = LowRankAdapter.Random(TestModels.Config, Settings, 2)) AdapterFolder.Save(adapter, "base", folder.Path);
        var config = JsonNode.Parse(File.ReadAllText(folder["adapter_config.json"]))!;
        config[member] = JsonNode.Parse(value);
        File.WriteAllText(folder["adapter_config.json"], config.ToJsonString());
        Assert.Contains(place, Assert.Throws<InvalidInputException>(() => AdapterFolder.Load(folder.Path, TestModels.Config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rollout_of_an_adapted_model_is_the_same_alone_and_in_a_batch()
    {
        using var basis = DecoderModel.Random(TestModels.Config, 1);
        using var adapter = Trained(TestModels.Config, Settings);
        using var merged = adapter.Merged(basis);
        var prompts = Enumerable.Range(0, 5).Select(i => new GenerationPrompt([.. Enumerable.Range(2, 1 + 2 * i)], [(ulong)i, 9, 10])).ToList();
        var sampling = new SamplingSpec { MaxTokens = 12 };
        var together = Generate(merged, prompts);
        foreach (var (prompt, completions) in prompts.Zip(together))
        {
            for (var row = 0; row < 3; row++)
                Assert.Equal(Generate(merged, [prompt with { Seeds = [prompt.Seeds[row]] }])[0][0].TokenIds, completions[row].TokenIds);
        }

        Assert.NotEqual(Generate(basis, prompts)[4][0].TokenIds, together[4][0].TokenIds);

        Completion[][] Generate(DecoderModel model, List<GenerationPrompt> prompts) =>
            new GenerationEngine(model).Generate(prompts, sampling, TestContext.Current.CancellationToken);
    }

    /// <summary>An adapter whose matrices are all random.</summary>
    internal static LowRankAdapter Trained(ModelConfig config, AdapterSettings settings)
    {
        var adapter = LowRankAdapter.Random(config, settings, 2);
        using var scope = NewDisposeScope();
        foreach (var (number, matrix) in adapter.Matrices.Index())
        {
            var values = Enumerable.Range(0, (int)matrix.Up_OxR.numel()).Select(i => 0.3f * MathF.Sin(7 * i + number)).ToArray();
            matrix.Up_OxR.copy_(tensor(values).view(matrix.Up_OxR.shape));
        }

        return adapter;
    }

    private static Tensor Rows(DecoderModel model, CheckpointTensor tensor) => model.Parameters[tensor.Parameter].narrow(0, tensor.FirstRow, tensor.Shape[0]);
}
