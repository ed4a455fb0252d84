using System.Text.Json.Serialization;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>One measurement. Tokens are new tokens that a rollout asked for; percentages are of the tokens/s that a bound allows.</summary>
/// <param name="PreallocatedTokensPerSecond">The naive loop with its cache allocated at once.</param>
/// <param name="PercentOfBound">Of the lower of the two bounds.</param>
/// <param name="CacheMib">Memory that each engine was given.</param>
/// <param name="MemoryMib">Memory of the process while the engines ran, beyond what it had before: the most of all repeats. Not the GPU's.</param>
internal sealed record GenerationCase(
    string Model, string Device, string Precision, int Batch, int PromptTokens, int NewTokens, string Lengths, int Rollouts,
    double TokensPerSecond, double? NaiveTokensPerSecond, double? PreallocatedTokensPerSecond,
    double PercentOfBandwidthBound, double PercentOfFlopBound, double PercentOfBound, long CacheMib, long MemoryMib,
    [property: JsonPropertyName("bandwidthGBs")] double BandwidthGigabytes, [property: JsonPropertyName("gflops")] double Gigaflops)
{
    public static GenerationCase Of(Workload workload, ScalarType precision, EngineOptions options, EngineRun ours, double naiveSeconds, double preallocatedSeconds, BoundShares reached, MachineBounds machine)
    {
        double tokens = workload.Lengths().Sum();
        return new GenerationCase(
            workload.Model, ComputeDevice.IsGpu ? "cuda" : "cpu", precision == ScalarType.BFloat16 ? "bf16" : "f32", workload.Batch, workload.PromptTokens, workload.NewTokens, workload.Spread ? "spread" : "equal", workload.Rollouts,
            Math.Round(tokens / ours.Seconds, 1), Speed(naiveSeconds), Speed(preallocatedSeconds),
            Percent(reached.Bandwidth), Percent(reached.Flops), Percent(reached.Lower), options.CacheBytes >> 20, ours.Bytes >> 20,
            Math.Round(machine.BytesPerSecond / 1e9, 1), Math.Round(machine.FlopsPerSecond / 1e9, 1));

        double? Speed(double peerSeconds) => double.IsNaN(peerSeconds) ? null : Math.Round(tokens / peerSeconds, 1);
        static double Percent(double share) => Math.Round(100 * share, 1);
    }
}

/// <summary>Shares of the tokens/s that each bound of the machine allows.</summary>
/// <param name="Lower">Of the lower of the two.</param>
internal readonly record struct BoundShares(double Bandwidth, double Flops, double Lower);

/// <summary>What a workload took.</summary>
/// <param name="Bytes">Of the process, beyond what it had before.</param>
internal readonly record struct EngineRun(double Seconds, long Bytes);

/// <summary>The first case's own numbers, and all cases.</summary>
internal sealed record GenerationCases(
    string Model, int Batch, int PromptTokens, int NewTokens, double TokensPerSecond, double? NaiveTokensPerSecond, double PercentOfBandwidthBound, int Cores, IReadOnlyList<GenerationCase> Cases)
{
    public static GenerationCases Of(IReadOnlyList<GenerationCase> cases) => new(
        cases[0].Model, cases[0].Batch, cases[0].PromptTokens, cases[0].NewTokens, cases[0].TokensPerSecond, cases[0].NaiveTokensPerSecond, cases[0].PercentOfBandwidthBound,
        Environment.ProcessorCount, cases);
}
