using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.LowRank;
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
    private const double DefaultTheta = 10_000;

    public static IReadOnlyList<string> SupportedArchitectures { get; } = [.. ArchitectureTraits.All.Select(traits => traits.Name)];

    /// <summary>Reads and checks the configuration of a model folder.</summary>
    /// <exception cref="InvalidInputException">An architecture or feature that is not supported, or members that are missing or wrong; all of them.</exception>
    public static ModelConfig Read(string folder)
    {
        if (PolicyFolder.IsAdapterOnly(folder)) throw new InvalidInputException(folder, "has only an adapter; give the folder of its base model, and this one as its adapter");
        var path = Path.Combine(folder, Name);
        using var document = JsonFile.Read(path);
        var errors = new List<InputError>();
        var members = new JsonMembers(document.RootElement, path, errors);
        var traits = RequireSupported(members, path);
        RefuseUnsupportedFeatures(members, traits);
        var config = ReadShape(members, traits);
        if (errors.Count == 0) CheckShape(config, members);
        var eosTokenIds = GenerationEosTokenIds(folder, config.VocabSize, errors);
        if (errors.Count > 0) throw new InvalidInputException(errors);
        return eosTokenIds.Count > 0 ? config with { EosTokenIds = eosTokenIds } : config;
    }

    /// <summary>Writes both files, with what transformers wants in them.</summary>
    public static void Write(ModelConfig config, string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, Name), JsonFile.Bytes(json => ModelConfigWriter.WriteConfig(json, config)));
        File.WriteAllBytes(Path.Combine(folder, GenerationName), JsonFile.Bytes(json => ModelConfigWriter.WriteGeneration(json, config)));
    }

    private static ArchitectureTraits RequireSupported(JsonMembers members, string path)
    {
        var found = members.TryGet("architectures", out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : JsonMembers.Shown(item)).ToList()
            : [];
        if (ArchitectureTraits.All.FirstOrDefault(traits => found.Contains(traits.Name)) is { } supported) return supported;
        var named = found.Count == 0 ? "no architecture is named" : $"the architecture {string.Join(", ", found)} is not supported";
        throw new InvalidInputException($"{path} architectures", $"{named}; supported: {string.Join(", ", SupportedArchitectures)}");
    }

    private static void RefuseUnsupportedFeatures(JsonMembers members, ArchitectureTraits traits)
    {
        foreach (var flag in traits.MustBeOff)
        {
            if (members.Flag(flag, false)) members.Refuse(flag, $"is true, which is not supported for {traits.Name}");
        }

        if (members.TryGet("hidden_act", out var activation) && members.Text("hidden_act") is not "silu")
            members.Refuse("hidden_act", $"is {JsonMembers.Shown(activation)}; only \"silu\" is supported");
        if (members.TryGet("layer_types", out var layers) && !OnlyFullAttention(layers))
            members.Refuse("layer_types", "has other layers than \"full_attention\", which are not supported");
        if (members.TryGet("quantization_config", out _))
            members.Refuse("quantization_config", "quantised weights are not supported; give the model in float32, float16 or bfloat16");
    }

    private static bool OnlyFullAttention(JsonElement layers) =>
        layers.ValueKind == JsonValueKind.Array && layers.EnumerateArray().All(layer => layer.ValueKind == JsonValueKind.String && layer.ValueEquals("full_attention"));

    private static ModelConfig ReadShape(JsonMembers members, ArchitectureTraits traits)
    {
        var vocabulary = members.Integer("vocab_size", 1, MaxVocabulary);
        var hidden = members.Integer("hidden_size", 1, MaxSize);
        var heads = members.Integer("num_attention_heads", 1, MaxSize);
        var positions = members.Integer("max_position_embeddings", 1, MaxPositions, traits.DefaultPositions);
        return new ModelConfig
        {
            Architecture = traits.Architecture,
            VocabSize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = members.Integer("intermediate_size", 1, MaxSize),
            NumHiddenLayers = members.Integer("num_hidden_layers", 1, 4096),
            NumAttentionHeads = heads,
            NumKeyValueHeads = members.Integer("num_key_value_heads", 1, MaxSize, heads),
            HeadDim = members.Integer("head_dim", 1, MaxSize, traits.DefaultHeadDim ?? Math.Max(1, hidden / heads)),
            MaxPositionEmbeddings = positions,
            RmsNormEps = members.Positive("rms_norm_eps", 1e-6),
            RopeTheta = members.Positive("rope_theta", members.Nested("rope_parameters")?.Positive("rope_theta", DefaultTheta) ?? DefaultTheta),
            RopeScaling = RopeScalingMembers.Read(members, positions),
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

    private static void CheckShape(ModelConfig config, JsonMembers members)
    {
        if (config.NumAttentionHeads % config.NumKeyValueHeads != 0)
            members.Refuse("num_key_value_heads", $"is {config.NumKeyValueHeads}, which does not divide num_attention_heads {config.NumAttentionHeads}");
        if (config.RopeScaling is RopeScaling.Yarn && config.RopeTheta <= 1) members.Refuse("rope_theta", "must be above 1 with yarn");
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
}
