using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Weights;

/// <summary>What Hugging Face configurations of one architecture say, and what they mean where they say nothing.</summary>
/// <param name="Name">As <c>architectures</c> names it.</param>
/// <param name="MustBeOff">Flags for features that this program does not compute.</param>
/// <param name="DefaultHeadDim">Null: hidden size by heads.</param>
internal sealed record ArchitectureTraits(
    Architecture Architecture, string Name, string ModelType, IReadOnlyList<string> MustBeOff, int DefaultPositions, int? DefaultHeadDim = null)
{
    public static IReadOnlyList<ArchitectureTraits> All { get; } =
    [
        new(Architecture.Llama, "LlamaForCausalLM", "llama", ["attention_bias", "mlp_bias"], 2048),
        new(Architecture.Qwen2, "Qwen2ForCausalLM", "qwen2", ["use_sliding_window", "mlp_bias"], 32_768),
        new(Architecture.Qwen3, "Qwen3ForCausalLM", "qwen3", ["attention_bias", "use_sliding_window", "mlp_bias"], 32_768, 128),
    ];

    public static ArchitectureTraits Of(Architecture architecture) => All.Single(traits => traits.Architecture == architecture);
}
