namespace KnapsackCloud.Model.Transformer;

/// <summary>Shape of a Llama-like decoder, with the member names of a Hugging Face config.json.</summary>
public sealed record ModelConfig
{
    public Architecture Architecture { get; init; }
    public required int VocabSize { get; init; }
    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }
    /// <summary>Width of the SwiGLU layer.</summary>
    public required int IntermediateSize { get; init; }
    public required int NumHiddenLayers { get; init; }
    public required int NumAttentionHeads { get; init; }
    /// <summary>Grouped-query attention: divides <see cref="NumAttentionHeads"/>.</summary>
    public required int NumKeyValueHeads { get; init; }
    /// <summary>Even; usually HiddenSize / NumAttentionHeads.</summary>
    public required int HeadDim { get; init; }
    /// <summary>Longest sequence, prompt and completion together.</summary>
    public required int MaxPositionEmbeddings { get; init; }
    public double RmsNormEps { get; init; } = 1e-6;
    public double RopeTheta { get; init; } = 10_000;
    /// <summary>Null: frequencies as they are.</summary>
    public RopeScaling? RopeScaling { get; init; }
    /// <summary>The output head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }
    public required IReadOnlyList<int> EosTokenIds { get; init; }
    public int? BosTokenId { get; init; }
    public int? PadTokenId { get; init; }

    public int QuerySize => NumAttentionHeads * HeadDim;
    public int KeyValueSize => NumKeyValueHeads * HeadDim;
    /// <summary>Query heads that share one key-value head.</summary>
    public int QueriesPerKeyValue => NumAttentionHeads / NumKeyValueHeads;
    public bool HasQueryKeyValueBias => Architecture == Architecture.Qwen2;
    public bool HasQueryKeyNorm => Architecture == Architecture.Qwen3;
}
