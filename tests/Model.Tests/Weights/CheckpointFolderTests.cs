using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Weights;

public class CheckpointFolderTests
{
    private static readonly TokenizerFiles Tokenizer = CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic);

    [Fact]
    public void A_saved_model_loads_again_bit_for_bit() => TestModels.Configs.Sample(config =>
    {
        using var folder = new TemporaryFolder();
        using var saved = DecoderModel.Random(config, 7);
        CheckpointFolder.Save(saved, Tokenizer, folder.Path);
        using var loaded = CheckpointFolder.Load(folder.Path);
        Assert.Equivalent(config, loaded.Config, strict: true);
        Assert.Equal(saved.Parameters.Count, loaded.Parameters.Count);
        foreach (var (before, after) in saved.Parameters.Zip(loaded.Parameters)) AssertSameBytes(before, after);
    }, iter: 20);

    [Fact]
    public void Saving_twice_writes_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 7);
        CheckpointFolder.Save(model, Tokenizer, folder["a"]);
        CheckpointFolder.Save(model, Tokenizer, folder["b"]);
        var names = Directory.GetFiles(folder["a"]).Select(Path.GetFileName).Order().ToList();
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"], names);
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(folder["a"], name!)), File.ReadAllBytes(Path.Combine(folder["b"], name!))));
    }

    [Fact]
    public void The_file_has_the_public_names_and_shapes()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 7);
        CheckpointFolder.Save(model, Tokenizer, folder.Path);
        using var reader = SafetensorsReader.Open(folder["model.safetensors"]);
        Assert.Equal([32, 32], reader.Header.Tensors["model.layers.1.self_attn.q_proj.weight"].Shape);
        Assert.Equal([16, 32], reader.Header.Tensors["model.layers.1.self_attn.v_proj.weight"].Shape);
        Assert.Equal([48, 32], reader.Header.Tensors["model.layers.0.mlp.up_proj.weight"].Shape);
        Assert.Equal(2 * 9 + 3, reader.Header.Tensors.Count);
        var (query, key) = (reader.Read("model.layers.1.self_attn.q_proj.weight"), reader.Read("model.layers.1.self_attn.k_proj.weight"));
        AssertSameBytes(model.Layers[1].QueryKeyValue_QKKxD.narrow(0, 0, 48), cat([query, key]));
    }

    [Theory]
    [InlineData(ScalarType.Float16, 1e-3)]
    [InlineData(ScalarType.BFloat16, 1e-2)]
    public void Half_precision_weights_are_read_as_float32(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 7);
        CheckpointFolder.Save(model, Tokenizer, folder.Path);
        Rewrite(folder, tensors => tensors.ToDictionary(pair => pair.Key, pair => pair.Value.to(type)));
        using var loaded = CheckpointFolder.Load(folder.Path);
        var difference = (loaded.Layers[0].Down_DxF - model.Layers[0].Down_DxF).abs().max();
        Assert.Equal(ScalarType.Float32, loaded.Layers[0].Down_DxF.dtype);
        Assert.InRange(difference.item<float>(), 1e-9, tolerance);
    }

    [Fact]
    public void Every_missing_unexpected_and_misshapen_tensor_is_listed()
    {
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 7);
        CheckpointFolder.Save(model, Tokenizer, folder.Path);
        Rewrite(folder, tensors =>
        {
            tensors.Remove("model.norm.weight");
            tensors.Remove("model.layers.0.mlp.up_proj.weight");
            tensors["model.layers.0.self_attn.q_proj.bias"] = zeros(32);
            tensors["lm_head.weight"] = zeros(16, 31);
            return tensors;
        });
        var places = Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder.Path)).Errors.Select(error => error.Place.Split(' ')[1]);
        Assert.Equal(
            ["lm_head.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.0.self_attn.q_proj.bias", "model.norm.weight"],
            places.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_redundant_tied_head_is_ignored()
    {
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config with { TieWordEmbeddings = true }, 7);
        CheckpointFolder.Save(model, Tokenizer, folder.Path);
        Rewrite(folder, tensors =>
        {
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"];
            return tensors;
        });
        using var loaded = CheckpointFolder.Load(folder.Path);
        AssertSameBytes(model.Embedding_VxD, loaded.Head_VxD);
    }

    [Fact]
    public void An_unsupported_architecture_is_refused_by_name_before_any_weight_is_read()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], """{"architectures":["MambaForCausalLM"]}""");
        File.WriteAllText(folder["model.safetensors"], "not read");
        var message = Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder.Path)).Message;
        Assert.Contains("MambaForCausalLM", message, StringComparison.Ordinal);
        Assert.Contains("LlamaForCausalLM", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_unsupported_feature_and_bad_member_of_the_configuration_is_listed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], """
            {"architectures":["LlamaForCausalLM"],"vocab_size":16,"hidden_size":"wide","intermediate_size":48,"num_hidden_layers":0,
             "num_attention_heads":4,"attention_bias":true,"hidden_act":"gelu","rope_scaling":{"rope_type":"linear"},"eos_token_id":[1,99]}
            """);
        var places = Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder.Path)).Errors.Select(error => error.Place.Split(' ')[1]);
        Assert.Equal(["attention_bias", "eos_token_id", "hidden_act", "hidden_size", "num_hidden_layers", "rope_scaling.rope_type"], places.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"num_attention_heads":4,"num_key_value_heads":3}""", "num_key_value_heads")]
    [InlineData("""{"num_attention_heads":4,"head_dim":5}""", "head_dim")]
    public void Heads_that_cannot_be_are_refused(string heads, string place)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], $$"""
            {"architectures":["LlamaForCausalLM"],"vocab_size":16,"hidden_size":32,"intermediate_size":48,"num_hidden_layers":1,{{heads[1..]}}
            """);
        var error = Assert.Single(Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder.Path)).Errors);
        Assert.EndsWith(place, error.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void The_generation_configuration_names_the_end_tokens()
    {
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 7);
        CheckpointFolder.Save(model, Tokenizer, folder.Path);
        File.WriteAllText(folder["generation_config.json"], """{"eos_token_id":[1,5]}""");
        using var loaded = CheckpointFolder.Load(folder.Path);
        Assert.Equal([1, 5], loaded.Config.EosTokenIds);
    }

    [Fact]
    public void A_missing_folder_and_a_missing_file_are_said_with_their_path()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(folder["none"], Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder["none"])).Message, StringComparison.Ordinal);
        Assert.Contains(folder["config.json"], Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    internal static void AssertSameBytes(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.True(expected.bytes.SequenceEqual(actual.bytes));
    }

    private static void Rewrite(TemporaryFolder folder, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(folder["model.safetensors"]))
            tensors = reader.Header.Tensors.Keys.ToDictionary(name => name, reader.Read);
        SafetensorsWriter.Write(folder["model.safetensors"], change(tensors));
    }
}
