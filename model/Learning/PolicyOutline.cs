using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>A run's model as it is before any weight is read or made.</summary>
public sealed record PolicyOutline(ModelConfig Config, ITokenizer Tokenizer)
{
    /// <summary>Weights, the embedding matrix among them.</summary>
    public long Parameters => LlamaLayout.Tensors(Config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Keys and values of one token in all layers.</summary>
    public long CacheValues => 2L * Config.NumHiddenLayers * Config.KeyValueSize;

    /// <exception cref="InvalidInputException">The source is unknown or no model that can be read.</exception>
    public static PolicyOutline Of(ModelSpec model)
    {
        var (config, tokenizer) = ModelSource.Parse(model.Source).Outline();
        return new PolicyOutline(config, tokenizer);
    }
}
