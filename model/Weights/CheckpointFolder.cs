using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>A model as a folder in Hugging Face layout, which transformers and vLLM read too.</summary>
public static class CheckpointFolder
{
    /// <summary>Writes config.json, generation_config.json, the weights and the tokenizer's files. Same model, same bytes.</summary>
    /// <param name="mostFileBytes">Weights beyond it are split over several files with an index.</param>
    public static void Save(DecoderModel model, TokenizerFiles tokenizer, string folder, long mostFileBytes = WeightWriter.MostFileBytes)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder);
        var tensors = LlamaLayout.Tensors(model.Config).Select(tensor => KeyValuePair.Create(
            tensor.Name,
            model.Parameters[tensor.Parameter].detach().cpu().narrow(0, tensor.FirstRow, tensor.Shape[0]))).ToList();
        WeightWriter.Write(folder, tensors, mostFileBytes);
        ModelConfigFile.Write(model.Config, folder);
        tokenizer.WriteTo(folder);
    }

    /// <summary>Names of the weight files of a folder that <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidInputException">The index of split weights is damaged.</exception>
    public static IReadOnlyList<string> WeightNames(string folder) => WeightFiles.NamesIn(folder);

    /// <summary>
    /// Reads a model to the process's device; the caller owns it. The configuration is checked before any weight is read. Weights go straight
    /// to their place; where the precision differs, one tensor at a time is held twice.
    /// </summary>
    /// <param name="precision">Of the weights in memory, whatever the files have.</param>
    /// <exception cref="InvalidInputException">
    /// The folder or a file is missing or damaged, the architecture is not supported, or tensors are missing, unexpected or
    /// of another shape; all of them are listed.
    /// </exception>
    public static DecoderModel Load(string folder, ScalarType precision = ScalarType.Float32) => Load(folder, _ => precision);

    /// <inheritdoc cref="Load(string, ScalarType)"/>
    public static DecoderModel Load(string folder, Func<ModelConfig, ScalarType> precision)
    {
        if (!Directory.Exists(folder)) throw new InvalidInputException(folder, "there is no such folder; give one in Hugging Face layout");
        var config = ModelConfigFile.Read(folder);
        try
        {
            using var files = WeightFiles.Open(folder);
            var layout = LlamaLayout.Tensors(config);
            CheckTensors(files, layout, config);
            return DecoderModel.FromParameters(config, ReadParameters(files, layout, config, precision(config)));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidInputException("", e.Message);
        }
    }

    private static void CheckTensors(WeightFiles files, IReadOnlyList<CheckpointTensor> layout, ModelConfig config)
    {
        var errors = new List<InputError>();
        var wanted = layout.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in layout)
        {
            if (files.Find(tensor.Name) is not { } found)
                Refuse(tensor.Name, "is missing");
            else if (!found.Shape.AsSpan().SequenceEqual(tensor.Shape))
                Refuse(tensor.Name, $"has the shape [{string.Join(", ", found.Shape)}], but config.json makes it [{string.Join(", ", tensor.Shape)}]");
            else if (found.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                Refuse(tensor.Name, $"has the element type {SafetensorsType.NameOf(found.Type)}, but weights must be floating point");
        }

        foreach (var name in files.Names.Order(StringComparer.Ordinal))
        {
            if (!wanted.Contains(name) && !LlamaLayout.IsRedundant(name, config)) Refuse(name, "is unexpected: this architecture has no such tensor");
        }

        if (errors.Count > 0) throw new InvalidInputException(errors);

        void Refuse(string name, string problem) => errors.Add(new InputError(files.Place(name), problem));
    }

    private static List<Tensor> ReadParameters(WeightFiles files, IReadOnlyList<CheckpointTensor> layout, ModelConfig config, ScalarType precision)
    {
        using var scope = NewDisposeScope();
        var parameters = DecoderModel.ParameterShapes(config).Select(shape => empty(shape, dtype: precision)).ToList();
        foreach (var tensor in layout)
        {
            using var rows = parameters[tensor.Parameter].narrow(0, tensor.FirstRow, tensor.Shape[0]);
            files.ReadInto(tensor.Name, rows);
        }

        foreach (var parameter in parameters) parameter.DetachFromDisposeScope();
        return parameters;
    }
}
