using System.Globalization;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Weights;

/// <summary>A tensor of a checkpoint: rows [FirstRow, FirstRow + Shape[0]) of one of <see cref="DecoderModel.Parameters"/>.</summary>
public sealed record CheckpointTensor(string Name, int Parameter, long FirstRow, long[] Shape);

/// <summary>The names that Hugging Face gives the weights of a Llama-like decoder, and where each lies in our fused matrices.</summary>
public static class LlamaLayout
{
    private const string HeadName = "lm_head.weight";
    private const string RotarySuffix = ".rotary_emb.inv_freq";

    /// <summary>Every tensor a checkpoint of this shape has, in the order of the parameters; the rows of each parameter without gap.</summary>
    public static IReadOnlyList<CheckpointTensor> Tensors(ModelConfig config)
    {
        long d = config.HiddenSize, f = config.IntermediateSize, q = config.QuerySize, k = config.KeyValueSize;
        var tensors = new List<CheckpointTensor> { new("model.embed_tokens.weight", 0, 0, [config.VocabSize, d]) };
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}.");
            var first = ParameterLayout.First(config, layer);
            tensors.Add(new($"{prefix}input_layernorm.weight", first, 0, [d]));
            tensors.Add(new($"{prefix}self_attn.q_proj.weight", first + 1, 0, [q, d]));
            tensors.Add(new($"{prefix}self_attn.k_proj.weight", first + 1, q, [k, d]));
            tensors.Add(new($"{prefix}self_attn.v_proj.weight", first + 1, q + k, [k, d]));
            tensors.Add(new($"{prefix}self_attn.o_proj.weight", first + 2, 0, [d, q]));
            tensors.Add(new($"{prefix}post_attention_layernorm.weight", first + 3, 0, [d]));
            tensors.Add(new($"{prefix}mlp.gate_proj.weight", first + 4, 0, [f, d]));
            tensors.Add(new($"{prefix}mlp.up_proj.weight", first + 4, f, [f, d]));
            tensors.Add(new($"{prefix}mlp.down_proj.weight", first + 5, 0, [d, f]));
            if (ParameterLayout.BiasOffset(config) is { } bias)
            {
                tensors.Add(new($"{prefix}self_attn.q_proj.bias", first + bias, 0, [q]));
                tensors.Add(new($"{prefix}self_attn.k_proj.bias", first + bias, q, [k]));
                tensors.Add(new($"{prefix}self_attn.v_proj.bias", first + bias, q + k, [k]));
            }

            if (ParameterLayout.NormOffset(config) is { } headNorm)
            {
                tensors.Add(new($"{prefix}self_attn.q_norm.weight", first + headNorm, 0, [config.HeadDim]));
                tensors.Add(new($"{prefix}self_attn.k_norm.weight", first + headNorm, config.HeadDim, [config.HeadDim]));
            }
        }

        var norm = ParameterLayout.FinalNorm(config);
        tensors.Add(new("model.norm.weight", norm, 0, [d]));
        if (!config.TieWordEmbeddings) tensors.Add(new(HeadName, norm + 1, 0, [config.VocabSize, d]));
        return tensors;
    }

    /// <summary>Tensors that some checkpoints carry though they hold nothing: the tied head, and rotary frequencies of old files.</summary>
    public static bool IsRedundant(string name, ModelConfig config) =>
        (config.TieWordEmbeddings && name == HeadName) || name.EndsWith(RotarySuffix, StringComparison.Ordinal);
}
