using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.LowRank;

/// <summary>An adapter as a folder in the layout of PEFT: adapter_config.json and adapter_model.safetensors.</summary>
public static class AdapterFolder
{
    public const string ConfigName = "adapter_config.json";
    public const string WeightsName = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string DownSuffix = ".lora_A.weight";
    private const string UpSuffix = ".lora_B.weight";
    private const int MostRank = 1 << 16;

    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, ConfigName));

    /// <param name="baseName">What the adapter belongs to, for a reader of the file.</param>
    public static void Save(LowRankAdapter adapter, string baseName, string folder)
    {
        Directory.CreateDirectory(folder);
        var tensors = Tensors(adapter).Zip(adapter.Tensors).ToDictionary(pair => pair.First.Name, pair => pair.Second);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        File.WriteAllBytes(Path.Combine(folder, ConfigName), JsonFile.Bytes(json => WriteConfig(json, adapter.Settings, baseName)));
    }

    /// <summary>Reads an adapter for a model of this shape, to float32; the caller owns it.</summary>
    /// <exception cref="InvalidInputException">Files missing or damaged, a kind of adapter that is not supported, or tensors that do not fit the model; everything wrong.</exception>
    public static LowRankAdapter Load(string folder, ModelConfig config)
    {
        var settings = ReadConfig(folder);
        var path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path)) throw new InvalidInputException(path, "there is no such file; adapters are read from safetensors only");
        try
        {
            using var reader = SafetensorsReader.Open(path);
            CheckTensors(reader, config, settings);
            using var scope = NewDisposeScope();
            return LowRankAdapter.Make(config, settings, (target, isDown, shape) =>
            {
                var values = empty(shape);
                reader.ReadInto(NameOf(target, isDown), values);
                return values;
            });
        }
        catch (InvalidDataException e)
        {
            throw new InvalidInputException("", e.Message);
        }
    }

    /// <summary>Names and shapes of <see cref="LowRankAdapter.Tensors"/>, in their order.</summary>
    internal static IReadOnlyList<CheckpointTensor> Tensors(LowRankAdapter adapter) =>
        [.. adapter.Matrices.SelectMany(matrix => new[] { (Prefix + matrix.Module + DownSuffix, matrix.Down_RxI), (Prefix + matrix.Module + UpSuffix, matrix.Up_OxR) })
            .Select((pair, number) => new CheckpointTensor(pair.Item1, number, 0, pair.Item2.shape))];

    private static string NameOf(CheckpointTensor target, bool isDown) => Prefix + LowRankAdapter.ModuleOf(target) + (isDown ? DownSuffix : UpSuffix);

    private static void CheckTensors(SafetensorsReader reader, ModelConfig config, AdapterSettings settings)
    {
        var errors = new List<InputError>();
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var target in LowRankAdapter.Targets(config, settings))
        {
            Check(NameOf(target, isDown: true), [settings.Rank, target.Shape[1]]);
            Check(NameOf(target, isDown: false), [target.Shape[0], settings.Rank]);
        }

        foreach (var name in reader.Header.Tensors.Keys.Where(name => !wanted.Contains(name)).Order(StringComparer.Ordinal))
            errors.Add(new InputError($"{reader.Path} {name}", $"is unexpected: {ConfigName} names no such target of this model"));
        if (errors.Count > 0) throw new InvalidInputException(errors);

        void Check(string name, long[] shape)
        {
            wanted.Add(name);
            if (!reader.Header.Tensors.TryGetValue(name, out var found)) errors.Add(new InputError($"{reader.Path} {name}", "is missing"));
            else if (!found.Shape.AsSpan().SequenceEqual(shape))
                errors.Add(new InputError($"{reader.Path} {name}", $"has the shape [{string.Join(", ", found.Shape)}], but model and rank make it [{string.Join(", ", shape)}]"));
            else if (found.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                errors.Add(new InputError($"{reader.Path} {name}", "must be floating point"));
        }
    }

    private static AdapterSettings ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ConfigName);
        using var document = JsonFile.Read(path);
        var errors = new List<InputError>();
        var members = new JsonMembers(document.RootElement, path, errors);
        if (members.Text("peft_type") is not "LORA") members.Refuse("peft_type", "must be \"LORA\"; other adapters are not supported");
        foreach (var flag in new[] { "use_rslora", "use_dora", "fan_in_fan_out" })
        {
            if (members.Flag(flag, false)) members.Refuse(flag, "is true, which is not supported");
        }

        if (members.TryGet("bias", out _) && members.Text("bias") is not "none") members.Refuse("bias", "must be \"none\"; trained biases are not supported");
        foreach (var extra in new[] { "modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform" })
        {
            if (members.TryGet(extra, out var value) && !IsEmpty(value)) members.Refuse(extra, "is not supported");
        }

        var settings = new AdapterSettings(members.Integer("r", 1, MostRank), members.Positive("lora_alpha"), Targets(members));
        return errors.Count == 0 ? settings : throw new InvalidInputException(errors);
    }

    private static List<string> Targets(JsonMembers members)
    {
        if (!members.TryGet("target_modules", out var json) || json.ValueKind != JsonValueKind.Array || json.GetArrayLength() == 0)
        {
            members.Refuse("target_modules", "must list names of projections");
            return [];
        }

        var named = json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : JsonMembers.Shown(item)).ToList();
        foreach (var name in named.Where(name => !AdapterSpec.AllTargets.Contains(name)))
            members.Refuse("target_modules", $"has '{name}'; supported: {string.Join(", ", AdapterSpec.AllTargets)}");
        return [.. AdapterSpec.AllTargets.Where(named.Contains)];
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static void WriteConfig(Utf8JsonWriter json, AdapterSettings settings, string baseName)
    {
        json.WriteString("base_model_name_or_path", baseName);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNumber("lora_alpha", settings.Alpha);
        json.WriteNumber("lora_dropout", 0.0);
        json.WriteNull("modules_to_save");
        json.WriteString("peft_type", "LORA");
        json.WriteNumber("r", settings.Rank);
        json.WriteStartArray("target_modules");
        foreach (var target in settings.Targets) json.WriteStringValue(target);
        json.WriteEndArray();
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteBoolean("use_rslora", false);
    }
}
