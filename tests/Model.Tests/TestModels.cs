using CsCheck;
using KnapsackCloud.Model.Transformer;

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

    /// <summary>Any heads, groups, head size apart from the hidden size, tied or not.</summary>
    public static Gen<ModelConfig> Configs { get; } =
        from keyValueHeads in Gen.Int[1, 3]
        from shared in Gen.Int[1, 3]
        from headDim in Gen.Int[1, 6]
        from hidden in Gen.Int[2, 24]
        from layers in Gen.Int[1, 3]
        from vocabulary in Gen.Int[4, 40]
        from tied in Gen.Bool
        select Config with
        {
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
}
