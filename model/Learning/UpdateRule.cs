using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>What a minibatch's gradient is taken of.</summary>
/// <param name="Temperature">Log-probs are those of softmax(logits / temperature), the distribution that was sampled from.</param>
/// <param name="Reference">Policy whose log-probs the objective gets too; stays the caller's.</param>
/// <param name="Recompute">Whether layers are made again on the way back; null leaves it to how much memory a row needs.</param>
internal sealed record UpdateRule(ITokenObjective Objective, double Temperature = 1, DecoderModel? Reference = null, bool? Recompute = null);
