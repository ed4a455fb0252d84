using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Weights;

/// <summary>config.json and generation_config.json of a Hugging Face folder.</summary>
public static class ModelConfigFile
{
    public const string Name = "config.json";
    public const string GenerationName = "generation_config.json";

    private const int MaxSize = 1 << 20;
    private const int MaxVocabulary = 1 << 24;
    private const int MaxPositions = 1 << 22;
    private const int LlamaDefaultPositions = 2048;
    private const double LlamaDefaultTheta = 10_000;

    public static IReadOnlyList<string> SupportedArchitectures { get; } = ["LlamaForCausalLM"];

    /// <summary>Reads and checks the configuration of a model folder.</summary>
    /// <exception cref="InvalidInputException">An architecture or feature that is not supported, or members that are missing or wrong; all of them.</exception>
    public static ModelConfig Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        using var document = JsonFile.Read(path);
        var errors = new List<InputError>();
        var members = new JsonMembers(document.RootElement, path, errors);
        RequireSupported(members, path);
        RefuseUnsupportedFeatures(members);
        var config = ReadShape(members);
        if (errors.Count == 0) CheckShape(config, members);
        var eosTokenIds = GenerationEosTokenIds(folder, config.VocabSize, errors);
        if (errors.Count > 0) throw new InvalidInputException(errors);
        return eosTokenIds.Count > 0 ? config with { EosTokenIds = eosTokenIds } : config;
    }

    /// <summary>Writes both files, with what transformers wants in them.</summary>
    public static void Write(ModelConfig config, string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, Name), JsonFile.Bytes(json => WriteMembers(json, config)));
        File.WriteAllBytes(Path.Combine(folder, GenerationName), JsonFile.Bytes(json =>
        {
            json.WriteBoolean("_from_model_config", true);
            WriteTokenIds(json, config);
        }));
    }

    private static void RequireSupported(JsonMembers members, string path)
    {
        var found = members.TryGet("architectures", out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : JsonMembers.Shown(item)).ToList()
            : [];
        if (found.Any(SupportedArchitectures.Contains)) return;
        var named = found.Count == 0 ? "no architecture is named" : $"the architecture {string.Join(", ", found)} is not supported";
        throw new InvalidInputException($"{path} architectures", $"{named}; supported: {string.Join(", ", SupportedArchitectures)}");
    }

    private static void RefuseUnsupportedFeatures(JsonMembers members)
    {
        foreach (var bias in new[] { "attention_bias", "mlp_bias" })
        {
            if (members.Flag(bias, false)) members.Refuse(bias, "is true, but biases are not supported");
        }

        if (members.TryGet("hidden_act", out var activation) && members.Text("hidden_act") is not "silu")
            members.Refuse("hidden_act", $"is {JsonMembers.Shown(activation)}; only \"silu\" is supported");
        if (members.TryGet("rope_scaling", out var scaling))
            members.Refuse("rope_scaling", $"is {JsonMembers.Shown(scaling)}, but scaled rotary positions are not supported");
        if (members.TryGet("rope_parameters", out var rope) && RopeType(rope) is not (null or "default"))
            members.Refuse("rope_parameters", $"is {JsonMembers.Shown(rope)}, but scaled rotary positions are not supported");
        if (members.TryGet("quantization_config", out _))
            members.Refuse("quantization_config", "quantised weights are not supported; give the model in float32, float16 or bfloat16");
    }

    private static string? RopeType(JsonElement rope) =>
        rope.ValueKind == JsonValueKind.Object && rope.TryGetProperty("rope_type", out var type) ? type.ToString() : null;

    private static ModelConfig ReadShape(JsonMembers members)
    {
        var vocabulary = members.Integer("vocab_size", 1, MaxVocabulary);
        var hidden = members.Integer("hidden_size", 1, MaxSize);
        var heads = members.Integer("num_attention_heads", 1, MaxSize);
        return new ModelConfig
        {
            VocabSize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = members.Integer("intermediate_size", 1, MaxSize),
            NumHiddenLayers = members.Integer("num_hidden_layers", 1, 4096),
            NumAttentionHeads = heads,
            NumKeyValueHeads = members.Integer("num_key_value_heads", 1, MaxSize, heads),
            HeadDim = members.Integer("head_dim", 1, MaxSize, Math.Max(1, hidden / heads)),
            MaxPositionEmbeddings = members.Integer("max_position_embeddings", 1, MaxPositions, LlamaDefaultPositions),
            RmsNormEps = members.Positive("rms_norm_eps", 1e-6),
            RopeTheta = members.Positive("rope_theta", RopeParametersTheta(members)),
            TieWordEmbeddings = members.Flag("tie_word_embeddings", false),
            EosTokenIds = members.TokenIds("eos_token_id", vocabulary),
            BosTokenId = members.TokenIds("bos_token_id", vocabulary) is [var bos, ..] ? bos : null,
            PadTokenId = PadTokenId(members, vocabulary),
        };
    }

    /// <summary>Old Llama configurations say -1 for "none".</summary>
    private static int? PadTokenId(JsonMembers members, int vocabulary) =>
        members.TryGet("pad_token_id", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id == -1
            ? null
            : members.TokenIds("pad_token_id", vocabulary) is [var pad, ..] ? pad : null;

    /// <summary>Where transformers 5 keeps the base of the rotary frequencies.</summary>
    private static double RopeParametersTheta(JsonMembers members) =>
        members.TryGet("rope_parameters", out var rope) && rope.ValueKind == JsonValueKind.Object &&
        rope.TryGetProperty("rope_theta", out var theta) && theta.ValueKind == JsonValueKind.Number && theta.TryGetDouble(out var value) && value > 0 && double.IsFinite(value)
            ? value
            : LlamaDefaultTheta;

    private static void CheckShape(ModelConfig config, JsonMembers members)
    {
        if (config.NumAttentionHeads % config.NumKeyValueHeads != 0)
            members.Refuse("num_key_value_heads", $"is {config.NumKeyValueHeads}, which does not divide num_attention_heads {config.NumAttentionHeads}");
        if (config.HeadDim % 2 != 0) members.Refuse("head_dim", $"is {config.HeadDim}, but rotary positions need it even");
        if (Math.Max((long)config.NumAttentionHeads, 2 * config.NumKeyValueHeads) * config.HeadDim > MaxSize)
            members.Refuse("head_dim", $"is {config.HeadDim} for {config.NumAttentionHeads} heads: more than {MaxSize} in all");
    }

    /// <summary>generation_config.json outranks config.json, as in transformers: chat models name their end-of-turn token only there.</summary>
    private static IReadOnlyList<int> GenerationEosTokenIds(string folder, int vocabSize, List<InputError> errors)
    {
        var path = Path.Combine(folder, GenerationName);
        if (!File.Exists(path)) return [];
        using var document = JsonFile.Read(path);
        return new JsonMembers(document.RootElement, path, errors).TokenIds("eos_token_id", vocabSize);
    }

    private static void WriteMembers(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue(SupportedArchitectures[0]);
        json.WriteEndArray();
        json.WriteString("model_type", "llama");
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0.0);
        WriteTokenIds(json, config);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositionEmbeddings);
        json.WriteBoolean("mlp_bias", false);
        json.WriteNumber("num_attention_heads", config.NumAttentionHeads);
        json.WriteNumber("num_hidden_layers", config.NumHiddenLayers);
        json.WriteNumber("num_key_value_heads", config.NumKeyValueHeads);
        json.WriteNumber("pretraining_tp", 1);
        json.WriteNumber("rms_norm_eps", config.RmsNormEps);
        json.WriteNull("rope_scaling");
        json.WriteNumber("rope_theta", config.RopeTheta);
        json.WriteBoolean("tie_word_embeddings", config.TieWordEmbeddings);
        json.WriteString("torch_dtype", "float32");
        json.WriteBoolean("use_cache", true);
        json.WriteNumber("vocab_size", config.VocabSize);
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
