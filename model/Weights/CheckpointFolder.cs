using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>A model as a folder in Hugging Face layout, which transformers and vLLM read too.</summary>
public static class CheckpointFolder
{
    public const string WeightsName = "model.safetensors";

    /// <summary>Writes config.json, generation_config.json, model.safetensors and the tokenizer's files. Same model, same bytes.</summary>
    public static void Save(DecoderModel model, TokenizerFiles tokenizer, string folder)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder);
        var tensors = LlamaLayout.Tensors(model.Config).ToDictionary(
            tensor => tensor.Name,
            tensor => model.Parameters[tensor.Parameter].detach().cpu().narrow(0, tensor.FirstRow, tensor.Shape[0]));
        SafetensorsWriter.Write(Path.Combine(folder, WeightsName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        ModelConfigFile.Write(model.Config, folder);
        tokenizer.WriteTo(folder);
    }

    /// <summary>Reads a model as float32 on the CPU; the caller owns it. The configuration is checked before any weight is read.</summary>
    /// <exception cref="InvalidInputException">
    /// The folder or a file is missing or damaged, the architecture is not supported, or tensors are missing, unexpected or
    /// of another shape; all of them are listed.
    /// </exception>
    public static DecoderModel Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new InvalidInputException(folder, "there is no such folder; give one in Hugging Face layout");
        var config = ModelConfigFile.Read(folder);
        var path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path))
            throw new InvalidInputException(path, "there is no such file; weights must be one safetensors file (split or pickled checkpoints are not read)");
        try
        {
            using var reader = SafetensorsReader.Open(path);
            var layout = LlamaLayout.Tensors(config);
            CheckTensors(reader, layout, config);
            return DecoderModel.FromParameters(config, ReadParameters(reader, layout, config));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidInputException("", e.Message);
        }
    }

    private static void CheckTensors(SafetensorsReader reader, IReadOnlyList<CheckpointTensor> layout, ModelConfig config)
    {
        var errors = new List<InputError>();
        var wanted = layout.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in layout)
        {
            if (!reader.Header.Tensors.TryGetValue(tensor.Name, out var found))
                Refuse(tensor.Name, "is missing");
            else if (!found.Shape.AsSpan().SequenceEqual(tensor.Shape))
                Refuse(tensor.Name, $"has the shape [{string.Join(", ", found.Shape)}], but config.json makes it [{string.Join(", ", tensor.Shape)}]");
            else if (found.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                Refuse(tensor.Name, $"has the element type {SafetensorsType.NameOf(found.Type)}, but weights must be floating point");
        }

        foreach (var name in reader.Header.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (!wanted.Contains(name) && !LlamaLayout.IsRedundant(name, config)) Refuse(name, "is unexpected: this architecture has no such tensor");
        }

        if (errors.Count > 0) throw new InvalidInputException(errors);

        void Refuse(string name, string problem) => errors.Add(new InputError($"{reader.Path} {name}", problem));
    }

    private static List<Tensor> ReadParameters(SafetensorsReader reader, IReadOnlyList<CheckpointTensor> layout, ModelConfig config)
    {
        using var scope = NewDisposeScope();
        var parameters = DecoderModel.ParameterShapes(config).Select(shape => empty(shape, dtype: ScalarType.Float32)).ToList();
        foreach (var tensor in layout)
        {
            using var rows = parameters[tensor.Parameter].narrow(0, tensor.FirstRow, tensor.Shape[0]);
            reader.ReadInto(tensor.Name, rows);
        }

        foreach (var parameter in parameters) parameter.DetachFromDisposeScope();
        return parameters;
    }
}
