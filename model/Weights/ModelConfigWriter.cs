using System.Text.Json;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Weights;

/// <summary>Members of config.json and generation_config.json, as transformers writes them.</summary>
internal static class ModelConfigWriter
{
    public static void WriteConfig(Utf8JsonWriter json, ModelConfig config)
    {
        var traits = ArchitectureTraits.Of(config.Architecture);
        json.WriteStartArray("architectures");
        json.WriteStringValue(traits.Name);
        json.WriteEndArray();
        json.WriteString("model_type", traits.ModelType);
        if (!config.HasQueryKeyValueBias) json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0.0);
        WriteTokenIds(json, config);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositionEmbeddings);
        if (config.Architecture == Architecture.Llama) json.WriteBoolean("mlp_bias", false);
        json.WriteNumber("num_attention_heads", config.NumAttentionHeads);
        json.WriteNumber("num_hidden_layers", config.NumHiddenLayers);
        json.WriteNumber("num_key_value_heads", config.NumKeyValueHeads);
        if (config.Architecture == Architecture.Llama) json.WriteNumber("pretraining_tp", 1);
        json.WriteNumber("rms_norm_eps", config.RmsNormEps);
        RopeScalingMembers.Write(json, config.RopeScaling);
        json.WriteNumber("rope_theta", config.RopeTheta);
        json.WriteBoolean("tie_word_embeddings", config.TieWordEmbeddings);
        json.WriteString("torch_dtype", "float32");
        json.WriteBoolean("use_cache", true);
        if (config.Architecture != Architecture.Llama) json.WriteBoolean("use_sliding_window", false);
        json.WriteNumber("vocab_size", config.VocabSize);
    }

    public static void WriteGeneration(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteBoolean("_from_model_config", true);
        WriteTokenIds(json, config);
    }

    private static void WriteTokenIds(Utf8JsonWriter json, ModelConfig config)
    {
        WriteOptional(json, "bos_token_id", config.BosTokenId);
        if (config.EosTokenIds is [var only])
        {
            json.WriteNumber("eos_token_id", only);
        }
        else if (config.EosTokenIds.Count == 0)
        {
            json.WriteNull("eos_token_id");
        }
        else
        {
            json.WriteStartArray("eos_token_id");
            foreach (var id in config.EosTokenIds) json.WriteNumberValue(id);
            json.WriteEndArray();
        }

        WriteOptional(json, "pad_token_id", config.PadTokenId);
    }

    private static void WriteOptional(Utf8JsonWriter json, string member, int? value)
    {
        if (value is { } number) json.WriteNumber(member, number);
        else json.WriteNull(member);
    }
}
