using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Learning;

/// <summary>
/// Least arithmetic of an update: each prompt is computed once, every weight is one multiplication and one addition a token,
/// attention looks at what it may and no further, in the last layer only tokens that predict go on, the head sees those alone,
/// and the backward pass is twice the forward pass. Element-wise work, memory and the optimiser are not counted.
/// </summary>
internal static class LearningBound
{
    public static double Flops(IReadOnlyList<TrainingGroup> groups, ModelConfig config)
    {
        double tokens = 0, sources = 0, predictions = 0, seen = 0, seenBySources = 0;
        foreach (var group in groups)
        {
            double prompt = group.PromptIds.Length;
            tokens += prompt;
            seen += prompt * (prompt + 1) / 2;
            sources++;
            seenBySources += prompt;
            foreach (var row in group.Rows)
            {
                double read = row.CompletionIds.Length - 1, looks = read * (prompt + (read + 1) / 2);
                (tokens, sources, predictions) = (tokens + read, sources + read, predictions + read + 1);
                (seen, seenBySources) = (seen + looks, seenBySources + looks);
            }
        }

        double d = config.HiddenSize, inner = config.NumHiddenLayers - 1;
        var keysValues = 2 * d * config.KeyValueSize;
        var others = 2 * d * config.QuerySize + 3 * d * config.IntermediateSize;
        var weights = inner * tokens * (keysValues + others) + tokens * keysValues + sources * others + predictions * d * config.VocabSize;
        var looking = 2 * config.QuerySize * (inner * seen + seenBySources);
        return 3 * 2 * (weights + looking);
    }
}
