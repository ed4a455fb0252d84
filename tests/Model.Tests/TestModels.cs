using CsCheck;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests;

/// <summary>Small random models.</summary>
internal static class TestModels
{
    public static ModelConfig Config { get; } = new()
    {
        VocabSize = 16,
        HiddenSize = 32,
        IntermediateSize = 48,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 8,
        MaxPositionEmbeddings = 64,
        EosTokenIds = [1],
        PadTokenId = 0,
    };

    private static readonly RopeScaling?[] Scalings =
    [
        null,
        new RopeScaling.Llama3 { Factor = 8, OriginalPositions = 32, LowFrequencyFactor = 1, HighFrequencyFactor = 4 },
        new RopeScaling.Yarn { Factor = 4, OriginalPositions = 16 },
        new RopeScaling.Yarn { Factor = 2, OriginalPositions = 32, BetaFast = 8, BetaSlow = 2, AttentionFactor = 0.9 },
    ];

    /// <summary>Any architecture, heads, groups, head size apart from the hidden size, rotary scaling, tied or not.</summary>
    public static Gen<ModelConfig> Configs { get; } =
        from architecture in Gen.Enum<Architecture>()
        from scaling in Gen.Int[0, Scalings.Length - 1]
        from keyValueHeads in Gen.Int[1, 3]
        from shared in Gen.Int[1, 3]
        from headDim in Gen.Int[1, 6]
        from hidden in Gen.Int[2, 24]
        from layers in Gen.Int[1, 3]
        from vocabulary in Gen.Int[4, 40]
        from tied in Gen.Bool
        select Config with
        {
            Architecture = architecture,
            RopeScaling = Scalings[scaling],
            VocabSize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = hidden + 3,
            NumHiddenLayers = layers,
            NumAttentionHeads = keyValueHeads * shared,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = 2 * headDim,
            RmsNormEps = 1e-5,
            RopeTheta = 10_000 + 1000 * shared,
            TieWordEmbeddings = tied,
        };

    /// <summary>Like <see cref="Configs"/>, in the sizes that the kernels for CPUs are written for.</summary>
    public static Gen<ModelConfig> ConfigsOfWholeVectors { get; } =
        from config in Configs
        from hidden in Gen.Int[1, 5]
        from intermediate in Gen.Int[1, 5]
        from headDim in Gen.Int[1, 9]
        select config with { HiddenSize = 16 * hidden, IntermediateSize = 16 * intermediate, HeadDim = 16 * headDim };

    /// <summary>A random model without a weight at its neutral value: a norm or bias left out would show.</summary>
    public static DecoderModel Disturbed(ModelConfig config, ulong seed)
    {
        var model = DecoderModel.Random(config, seed);
        using var scope = NewDisposeScope();
        foreach (var (number, vector) in model.Parameters.Where(parameter => parameter.dim() == 1).Index())
            vector.mul_(tensor(Enumerable.Range(0, (int)vector.shape[0]).Select(i => 1 + 0.5f * MathF.Sin(3 * i + number)).ToArray()));
        return model;
    }
}
