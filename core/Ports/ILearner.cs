using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Ports;

/// <summary>Makes policies. One call at a time.</summary>
public interface ILearner
{
    /// <summary>Makes policy 0 in <paramref name="outputFolder"/>: weights, config, tokenizer and a fresh training state.</summary>
    void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation);

    /// <summary>
    /// One GRPO step: from the policy and training state in the input's base folder to those in <paramref name="outputFolder"/>.
    /// Same input, same bytes out.
    /// </summary>
    LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation);
}

/// <summary>What an update starts from.</summary>
public sealed record LearningInput
{
    public required int Step { get; init; }
    /// <summary>Policy and training state of the version before.</summary>
    public required string BaseFolder { get; init; }
    /// <summary>Policy 0, when the spec trains an adapter: its weights are the base.</summary>
    public string? InitialFolder { get; init; }
    /// <summary>Policy that the new one is held to, when the spec wants one; <see cref="ReferencePolicy"/> says which version.</summary>
    public string? ReferenceFolder { get; init; }
    public required TrainingBatch Batch { get; init; }
}
