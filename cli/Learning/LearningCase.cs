using System.Text.Json.Serialization;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Learning;

/// <summary>One measurement. Tokens a second are completion tokens, of which every learner has the same.</summary>
/// <param name="PackedTokens">Computed by our step: each prompt once, no padding.</param>
/// <param name="RowTokens">The same rows one by one, without padding.</param>
/// <param name="PercentOfBound">Of the tokens a second that large matrix products would allow.</param>
/// <param name="PeakGigabytes">Of the process during our step, weights, gradients and optimiser included; null on a GPU.</param>
internal sealed record LearningCase(
    string Model, string Device, int PromptTokens, int AnswerTokens, int GroupSize, string Lengths, int Groups, long PackedTokens, long RowTokens,
    double TokensPerSecond, double? PaddedTokensPerSecond, double? TimesPadded, double PercentOfBound,
    [property: JsonPropertyName("peakGB")] double? PeakGigabytes, [property: JsonPropertyName("gflops")] double Gigaflops)
{
    public static LearningCase Of(LearningWorkload workload, TrainingBatch batch, double seconds, double? paddedSeconds, double flops, double flopsPerSecond, long peakBytes)
    {
        var packed = batch.Groups.Sum(group => group.PromptIds.Length + group.Rows.Sum(row => row.CompletionIds.Length - 1L));
        var rows = batch.Groups.Sum(group => group.Rows.Sum(row => group.PromptIds.Length + row.CompletionIds.Length - 1L));
        return new LearningCase(
            workload.Model, ComputeDevice.IsGpu ? "cuda" : "cpu", workload.PromptTokens, workload.AnswerTokens, workload.GroupSize, workload.Spread ? "spread" : "equal",
            batch.Groups.Count, packed, rows,
            Math.Round(batch.EffectiveTokens / seconds, 1), paddedSeconds is { } peer ? Math.Round(batch.EffectiveTokens / peer, 1) : null,
            paddedSeconds is { } other ? Math.Round(other / seconds, 2) : null, Math.Round(100 * flops / flopsPerSecond / seconds, 1),
            ComputeDevice.IsGpu ? null : Math.Round(peakBytes / 1e9, 2), Math.Round(flopsPerSecond / 1e9, 1));
    }
}

internal sealed record LearningCases(int Cores, IReadOnlyList<LearningCase> Cases);
