namespace KnapsackCloud.Model.Transformer;

/// <summary>What a parameter is for, which decides how it starts.</summary>
internal enum ParameterKind
{
    Embedding,
    Norm,
    Bias,
    /// <summary>A matrix inside a layer.</summary>
    Inner,
    /// <summary>A matrix that writes to the residual stream.</summary>
    Residual,
    Head,
}

/// <summary>
/// Order and shapes of a decoder's parameters: embedding; per layer six, then those that only some architectures have; final
/// norm; head unless tied.
/// </summary>
internal static class ParameterLayout
{
    /// <summary>Places of a layer's parameters after its first, which is the norm before attention.</summary>
    public const int QueryKeyValue = 1, Output = 2, FeedForwardNorm = 3, GateUp = 4, Down = 5;

    private const int InEveryLayer = 6;

    public static int PerLayer(ModelConfig config) => InEveryLayer + (config.HasQueryKeyValueBias ? 1 : 0) + (config.HasQueryKeyNorm ? 1 : 0);

    /// <summary>Number of a layer's first parameter.</summary>
    public static int First(ModelConfig config, int layer) => 1 + PerLayer(config) * layer;

    /// <summary>Places after a layer's first parameter; null where the architecture has none.</summary>
    public static int? BiasOffset(ModelConfig config) => config.HasQueryKeyValueBias ? InEveryLayer : null;

    /// <inheritdoc cref="BiasOffset"/>
    public static int? NormOffset(ModelConfig config) => config.HasQueryKeyNorm ? PerLayer(config) - 1 : null;

    public static int FinalNorm(ModelConfig config) => First(config, config.NumHiddenLayers);

    public static IReadOnlyList<(ParameterKind Kind, long[] Shape)> Of(ModelConfig config)
    {
        long d = config.HiddenSize, f = config.IntermediateSize, q = config.QuerySize, k = config.KeyValueSize;
        var parameters = new List<(ParameterKind, long[])> { (ParameterKind.Embedding, [config.VocabSize, d]) };
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            parameters.AddRange([
                (ParameterKind.Norm, [d]), (ParameterKind.Inner, [q + 2 * k, d]), (ParameterKind.Residual, [d, q]),
                (ParameterKind.Norm, [d]), (ParameterKind.Inner, [2 * f, d]), (ParameterKind.Residual, [d, f])]);
            if (config.HasQueryKeyValueBias) parameters.Add((ParameterKind.Bias, [q + 2 * k]));
            if (config.HasQueryKeyNorm) parameters.Add((ParameterKind.Norm, [2 * config.HeadDim]));
        }

        parameters.Add((ParameterKind.Norm, [d]));
        if (!config.TieWordEmbeddings) parameters.Add((ParameterKind.Head, [config.VocabSize, d]));
        return parameters;
    }
}
