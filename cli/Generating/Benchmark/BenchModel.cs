using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>Shapes of the models that are measured, named by their parameters, with weights drawn at random.</summary>
internal static class BenchModel
{
    private static readonly Scalar Deviation = 0.02f.ToScalar();
    private static readonly Dictionary<string, ModelConfig> Shapes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["1M"] = Shape(vocabulary: 2_048, hidden: 128, intermediate: 352, layers: 4, heads: 4, keyValueHeads: 2, headDim: 32),
        ["25M"] = Shape(vocabulary: 16_384, hidden: 512, intermediate: 1_376, layers: 6, heads: 8, keyValueHeads: 4, headDim: 64),
        // Shapes of Qwen2.5, for GPUs.
        ["1.5B"] = Shape(vocabulary: 151_936, hidden: 1_536, intermediate: 8_960, layers: 28, heads: 12, keyValueHeads: 2, headDim: 128) with { Architecture = Architecture.Qwen2 },
        ["7B"] = Shape(vocabulary: 152_064, hidden: 3_584, intermediate: 18_944, layers: 28, heads: 28, keyValueHeads: 4, headDim: 128) with { Architecture = Architecture.Qwen2, TieWordEmbeddings = false },
        ["120M"] = Shape(vocabulary: 32_768, hidden: 768, intermediate: 2_688, layers: 12, heads: 12, keyValueHeads: 4, headDim: 64),
    };

    public static IEnumerable<string> Names => Shapes.Keys;

    /// <exception cref="InvalidInputException">No such model.</exception>
    public static ModelConfig Config(string name) =>
        Shapes.TryGetValue(name, out var config) ? config : throw new InvalidInputException("--model", $"'{name}' is not one of {string.Join(", ", Names)}");

    /// <summary>Small random weights; what they are does not matter, but that logits stay finite.</summary>
    public static DecoderModel Make(ModelConfig config, ScalarType precision)
    {
        using var scope = NewDisposeScope();
        return DecoderModel.FromParameters(config, [.. DecoderModel.ParameterShapes(config).Select(shape => randn(shape, dtype: precision).mul_(Deviation))]);
    }

    /// <summary>Weights that each new token reads: all but the embedding, of which it reads a row, unless that is the head too.</summary>
    public static long WeightsRead(ModelConfig config)
    {
        long all = DecoderModel.ParameterShapes(config).Sum(shape => shape.Aggregate(1L, (a, b) => a * b));
        return config.TieWordEmbeddings ? all : all - (long)config.VocabSize * config.HiddenSize;
    }

    /// <summary>No end of sequence: how long completions are is the measurement's choice.</summary>
    private static ModelConfig Shape(int vocabulary, int hidden, int intermediate, int layers, int heads, int keyValueHeads, int headDim) => new()
    {
        VocabSize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        NumKeyValueHeads = keyValueHeads,
        HeadDim = headDim,
        MaxPositionEmbeddings = 4_096,
        TieWordEmbeddings = true,
        EosTokenIds = [],
    };
}
