using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>The tokens of a layer that look at others and go on to its output. Q are those of a prompt, 1 or P.</summary>
/// <param name="Tokens_U">Which of the N they are; null for all.</param>
/// <param name="PromptQueries">Q.</param>
/// <param name="PromptIndex_GQ">Query of each prompt cell; null when the first G*Q are in place.</param>
/// <param name="PromptMask">0 where a prompt query may look, minus infinity elsewhere; [G or 1, 1, Q, P].</param>
/// <param name="CompletionIndices_RA">Query of each completion cell of each bundle.</param>
/// <param name="AttendedIndex_U">Cell of each query among the prompt cells followed by the completion cells.</param>
public sealed record QueryTokens(
    Tensor? Tokens_U, long PromptQueries, Tensor? PromptIndex_GQ, Tensor PromptMask, IReadOnlyList<Tensor> CompletionIndices_RA, Tensor AttendedIndex_U);
