namespace KnapsackCloud.Core.Contracts;

/// <summary>How a policy learns from a step. The loss's name also sets the defaults of the members that its paper fixes: <c>LossPresets</c>.</summary>
public sealed record LearningSpec
{
    /// <summary>One of <c>LossPresets.Names</c>.</summary>
    public string Loss { get; init; } = "grpo";
    /// <summary>How tokens share the loss: <c>effective</c>, <c>token</c>, <c>sequence</c>, <c>prompt</c> or <c>constant</c>.</summary>
    public string Normalisation { get; init; } = "effective";
    /// <summary>What a reward is relative to: <c>std</c>, <c>none</c> or <c>leave-one-out</c>.</summary>
    public string Advantages { get; init; } = "std";
    public double LearningRate { get; init; } = 6e-4;
    /// <summary>Steps over which the learning rate rises linearly from 0.</summary>
    public int WarmupSteps { get; init; } = 5;
    /// <summary>What becomes of the learning rate then: one of <c>LearningRateSchedule.Names</c>.</summary>
    public string Schedule { get; init; } = "constant";
    public double ClipLow { get; init; } = 0.2;
    public double ClipHigh { get; init; } = 0.28;
    /// <summary>Bound, above 1, on the ratio of unrewarded rollouts; null is none.</summary>
    public double? DualClip { get; init; }
    /// <summary>Weight of the KL divergence to the reference policy; 0 is off.</summary>
    public double KlCoefficient { get; init; }
    /// <summary>The reference is renewed every so many versions; 0 keeps policy 0.</summary>
    public int KlReferenceEvery { get; init; }
    /// <summary>Weight of the entropy, which the update then raises; 0 is off.</summary>
    public double EntropyBonus { get; init; }
    /// <summary>Rollouts that met <see cref="SamplingSpec.MaxTokens"/>: <c>keep</c>, or <c>filter</c> them out of the loss.</summary>
    public string Overlong { get; init; } = "keep";
    /// <summary>Over the last so many tokens before the longest completion the reward falls by up to 1; 0 is off.</summary>
    public int LengthPenaltyTokens { get; init; }
    /// <summary>Effective rows in one optimiser update.</summary>
    public int MinibatchRows { get; init; } = 128;
    /// <summary>Steps whose effective rows are one optimiser update together, made in the last of them; 1 cuts each step's into minibatches of their own.</summary>
    public int AccumulateSteps { get; init; } = 1;
    /// <summary>Gradients are scaled down to this norm.</summary>
    public double GradNorm { get; init; } = 1;
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.95;
    /// <summary>Of matrices; norms and biases do not decay.</summary>
    public double WeightDecay { get; init; }
    /// <summary>Nats by which a token's log-prob may differ between sampler and learner before it is told as an alarm; above 0.</summary>
    public double MismatchLimit { get; init; } = 1;
    /// <summary>Whether activations are made again on the way back instead of kept: one of <c>Recomputation.Names</c>.</summary>
    public string Recompute { get; init; } = "auto";
    /// <summary>In what forward and backward passes are computed: one of <c>LearningPrecision.Names</c>.</summary>
    public string Precision { get; init; } = "float32";
    /// <summary>In what the optimiser keeps its moments: one of <c>OptimiserStates.Names</c>.</summary>
    public string OptimiserStates { get; init; } = "float32";
    /// <summary>Versions by which the policy that generates a step is behind the one that the step updates (fewer in the first steps): 0 is strictly on-policy. Older trajectories are refused.</summary>
    public int MaxLag { get; init; }
    /// <summary>
    /// Tokens are weighed by how much likelier the updated policy made them than the one that sampled them, up to this bound of 1 or more, and
    /// ratios are those to the former: <c>ImportanceWeights</c>. Null is no correction.
    /// </summary>
    public double? ImportanceCap { get; init; }
}
