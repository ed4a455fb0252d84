using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Weights;

/// <summary>Published models by their public configurations: names, shapes and sizes as on the hub, without a weight.</summary>
public class PublishedLayoutTests
{
    private const string Llama31 = """
        {"architectures":["LlamaForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"bos_token_id":128000,"eos_token_id":128001,"hidden_act":"silu",
         "hidden_size":4096,"initializer_range":0.02,"intermediate_size":14336,"max_position_embeddings":131072,"mlp_bias":false,"model_type":"llama",
         "num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,"pretraining_tp":1,"rms_norm_eps":1e-05,
         "rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192,"rope_type":"llama3"},
         "rope_theta":500000.0,"tie_word_embeddings":false,"torch_dtype":"bfloat16","use_cache":true,"vocab_size":128256}
        """;

    private const string Qwen25Math = """
        {"architectures":["Qwen2ForCausalLM"],"attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151643,"hidden_act":"silu","hidden_size":3584,
         "initializer_range":0.02,"intermediate_size":18944,"max_position_embeddings":4096,"max_window_layers":28,"model_type":"qwen2","num_attention_heads":28,
         "num_hidden_layers":28,"num_key_value_heads":4,"rms_norm_eps":1e-06,"rope_theta":10000,"sliding_window":4096,"tie_word_embeddings":false,
         "torch_dtype":"bfloat16","use_cache":true,"use_mrope":false,"use_sliding_window":false,"vocab_size":152064}
        """;

    private const string Qwen3 = """
        {"architectures":["Qwen3ForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151645,"head_dim":128,
         "hidden_act":"silu","hidden_size":2560,"initializer_range":0.02,"intermediate_size":9728,"max_position_embeddings":40960,"max_window_layers":36,
         "model_type":"qwen3","num_attention_heads":32,"num_hidden_layers":36,"num_key_value_heads":8,"rms_norm_eps":1e-06,"rope_scaling":null,
         "rope_theta":1000000,"sliding_window":null,"tie_word_embeddings":true,"torch_dtype":"bfloat16","use_cache":true,"use_sliding_window":false,"vocab_size":151936}
        """;

    private const string Qwen25 = """
        {"architectures":["Qwen2ForCausalLM"],"attention_dropout":0.0,"bos_token_id":151643,"eos_token_id":151643,"hidden_act":"silu","hidden_size":1536,
         "initializer_range":0.02,"intermediate_size":8960,"max_position_embeddings":131072,"max_window_layers":28,"model_type":"qwen2","num_attention_heads":12,
         "num_hidden_layers":28,"num_key_value_heads":2,"rms_norm_eps":1e-06,"rope_theta":1000000.0,"sliding_window":131072,"tie_word_embeddings":true,
         "torch_dtype":"bfloat16","use_cache":true,"use_mrope":false,"use_sliding_window":false,"vocab_size":151936}
        """;

    private static readonly string[] InEveryLayer =
    [
        "input_layernorm.weight: D", "self_attn.q_proj.weight: Q,D", "self_attn.k_proj.weight: K,D", "self_attn.v_proj.weight: K,D", "self_attn.o_proj.weight: D,Q",
        "post_attention_layernorm.weight: D", "mlp.gate_proj.weight: F,D", "mlp.up_proj.weight: F,D", "mlp.down_proj.weight: D,F",
    ];

    /// <summary>Tensors and parameters as the indices on the hub give them (total_size is 2 bytes a parameter).</summary>
    [Theory]
    [InlineData("Llama-3.1-8B", Llama31, 4096, 4096, 1024, 14336, 128256, 32, true, "", 291, 8_030_261_248)]
    [InlineData("Qwen2.5-Math-7B", Qwen25Math, 3584, 3584, 512, 18944, 152064, 28, true,
        "self_attn.q_proj.bias: Q;self_attn.k_proj.bias: K;self_attn.v_proj.bias: K", 339, 7_615_616_512)]
    [InlineData("Qwen3-4B", Qwen3, 2560, 4096, 1024, 9728, 151936, 36, false, "self_attn.q_norm.weight: 128;self_attn.k_norm.weight: 128", 398, 4_022_468_096)]
    [InlineData("Qwen2.5-1.5B", Qwen25, 1536, 1536, 256, 8960, 151936, 28, false,
        "self_attn.q_proj.bias: Q;self_attn.k_proj.bias: K;self_attn.v_proj.bias: K", 338, 1_543_714_304)]
    public void Names_and_shapes_are_those_of_the_published_weights(
        string name, string json, int d, int q, int k, int f, int v, int layers, bool head, string more, int tensors, long parameters)
    {
        var sizes = new Dictionary<string, long> { ["D"] = d, ["Q"] = q, ["K"] = k, ["F"] = f, ["V"] = v };
        string[] inLayer = [.. InEveryLayer, .. more.Split(';', StringSplitOptions.RemoveEmptyEntries)];
        var expected = Enumerable.Range(0, layers).SelectMany(layer => inLayer.Select(line => $"model.layers.{layer}.{line}"))
            .Concat(["model.embed_tokens.weight: V,D", "model.norm.weight: D"]).Concat(head ? ["lm_head.weight: V,D"] : [])
            .Select(line => Sized(line, sizes)).Order(StringComparer.Ordinal);
        var layout = LlamaLayout.Tensors(Read(json));
        Assert.Equal(expected, layout.Select(tensor => $"{tensor.Name}: {string.Join(',', tensor.Shape)}").Order(StringComparer.Ordinal));
        Assert.Equal((name, tensors), (name, layout.Count));
        Assert.Equal(parameters, layout.Sum(tensor => tensor.Shape.Aggregate(1L, (a, b) => a * b)));
    }

    [Theory]
    [InlineData(Llama31)]
    [InlineData(Qwen25Math)]
    [InlineData(Qwen3)]
    [InlineData(Qwen25)]
    public void Every_tensor_has_its_rows_of_a_parameter_without_gap(string json)
    {
        var config = Read(json);
        using var scope = NewDisposeScope();
        using var model = DecoderModel.FromParameters(config, [.. DecoderModel.ParameterShapes(config).Select(shape => empty(shape, device: META))]);
        foreach (var rows in LlamaLayout.Tensors(config).GroupBy(tensor => tensor.Parameter))
        {
            var parameter = model.Parameters[rows.Key];
            long at = 0;
            foreach (var tensor in rows)
            {
                Assert.Equal(at, tensor.FirstRow);
                Assert.Equal(tensor.Shape, parameter.narrow(0, tensor.FirstRow, tensor.Shape[0]).shape);
                at += tensor.Shape[0];
            }

            Assert.Equal(parameter.shape[0], at);
        }
    }

    [Fact]
    public void Rotary_scaling_is_read_in_every_spelling()
    {
        var llama = Assert.IsType<RopeScaling.Llama3>(Read(Llama31).RopeScaling);
        Assert.Equal((8, 8192, 1, 4), (llama.Factor, llama.OriginalPositions, llama.LowFrequencyFactor, llama.HighFrequencyFactor));
        var old = Read(Qwen25Math.Replace("\"sliding_window\":4096", """
            "rope_scaling":{"factor":4.0,"original_max_position_embeddings":32768,"type":"yarn"}
            """, StringComparison.Ordinal));
        Assert.Equal(new RopeScaling.Yarn { Factor = 4, OriginalPositions = 32768 }, old.RopeScaling);
        var recent = Read(Qwen3.Replace("\"rope_scaling\":null,", "", StringComparison.Ordinal).Replace("\"rope_theta\":1000000", """
            "rope_parameters":{"rope_theta":2000000.0,"rope_type":"yarn","factor":2.0}
            """, StringComparison.Ordinal));
        Assert.Equal((2_000_000, new RopeScaling.Yarn { Factor = 2, OriginalPositions = 40960 }), (recent.RopeTheta, recent.RopeScaling));
    }

    [Theory]
    [InlineData("""{"rope_type":"longrope"}""", "rope_scaling.rope_type")]
    [InlineData("""{"factor":2.0}""", "rope_scaling.rope_type")]
    [InlineData("\"yarn\"", "rope_scaling")]
    [InlineData("""{"rope_type":"yarn"}""", "rope_scaling.factor")]
    [InlineData("""{"rope_type":"yarn","factor":0.5}""", "rope_scaling.factor")]
    [InlineData("""{"rope_type":"yarn","factor":2,"mscale":1}""", "rope_scaling.mscale")]
    [InlineData("""{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":1,"original_max_position_embeddings":8192}""", "rope_scaling.high_freq_factor")]
    public void Rotary_scaling_that_cannot_be_is_refused_with_its_place(string scaling, string place)
    {
        var error = Assert.Single(Assert.Throws<InvalidInputException>(() =>
            Read(Qwen3.Replace("\"rope_scaling\":null", $"\"rope_scaling\":{scaling}", StringComparison.Ordinal))).Errors);
        Assert.EndsWith($"config.json {place}", error.Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"use_sliding_window\":false", "\"use_sliding_window\":true", "use_sliding_window")]
    [InlineData("\"attention_bias\":false", "\"attention_bias\":true", "attention_bias")]
    [InlineData("\"use_cache\":true", "\"layer_types\":[\"full_attention\",\"sliding_attention\"]", "layer_types")]
    [InlineData("\"use_cache\":true", "\"quantization_config\":{\"bits\":4}", "quantization_config")]
    public void What_is_not_computed_is_refused(string from, string to, string place)
    {
        var error = Assert.Single(Assert.Throws<InvalidInputException>(() => Read(Qwen3.Replace(from, to, StringComparison.Ordinal))).Errors);
        Assert.EndsWith($"config.json {place}", error.Place, StringComparison.Ordinal);
    }

    private static ModelConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], json);
        return ModelConfigFile.Read(folder.Path);
    }

    private static string Sized(string line, Dictionary<string, long> sizes)
    {
        var parts = line.Split(": ");
        var shape = parts[1].Split(',').Select(size => sizes.GetValueOrDefault(size, long.TryParse(size, CultureInfo.InvariantCulture, out var number) ? number : 0));
        return $"{parts[0]}: {string.Join(',', shape)}";
    }
}
