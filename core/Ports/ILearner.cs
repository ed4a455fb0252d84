using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Ports;

/// <summary>Makes policies. One call at a time.</summary>
public interface ILearner
{
    /// <summary>Makes policy 0 in <paramref name="outputFolder"/>: weights, config, tokenizer and a fresh training state.</summary>
    void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation);

    /// <summary>
    /// One GRPO step: from the policy and training state in <paramref name="baseFolder"/> to those in <paramref name="outputFolder"/>.
    /// Groups are mixed, in plan order. Same input, same bytes out.
    /// </summary>
    LearningSummary Update(RunSpec spec, int step, string baseFolder, IReadOnlyList<TrainingGroup> groups, string outputFolder, CancellationToken cancellation);
}
