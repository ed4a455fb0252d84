namespace KnapsackCloud.Model.Transformer;

/// <summary>Decoders of the Llama family that this program computes.</summary>
public enum Architecture
{
    Llama,
    /// <summary>Llama with biases on queries, keys and values.</summary>
    Qwen2,
    /// <summary>Llama with every head's query and key normalised before rotation.</summary>
    Qwen3,
}
