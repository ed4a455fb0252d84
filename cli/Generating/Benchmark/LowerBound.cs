using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>
/// Least seconds for a workload: the roofline (Williams et al. 2009) of its decoding. Weights are read once for every
/// token of a full batch, keys and values once for every token; every weight is one multiplication and one addition a token;
/// each prompt is computed once. Nothing else is counted.
/// </summary>
/// <param name="MemorySeconds">If computing took no time.</param>
/// <param name="ComputeSeconds">If reading took no time.</param>
internal sealed record LowerBound(double MemorySeconds, double ComputeSeconds)
{
    public double Seconds => Math.Max(MemorySeconds, ComputeSeconds);

    /// <param name="weightBytes">Of one weight, as the engine keeps it.</param>
    /// <param name="cacheBytes">Of one cached number.</param>
    public static LowerBound Of(Workload workload, ModelConfig config, MachineBounds machine, int weightBytes, int cacheBytes)
    {
        var lengths = workload.Lengths();
        var weights = (double)BenchModel.WeightsRead(config);
        var tokens = lengths.Sum(length => (double)length);
        // The n-th new token looks at the prompt and at n - 1 new tokens.
        var cached = lengths.Sum(length => length * (workload.PromptTokens + (length - 1) / 2.0));
        var numbersOfToken = 2.0 * config.NumHiddenLayers * config.KeyValueSize;
        var steps = Math.Max(tokens / workload.Batch, lengths.Max());
        var promptTokens = (double)workload.PromptTokens * workload.Prompts(config).Count;
        var withoutHead = weights - (double)config.VocabSize * config.HiddenSize;
        var flops = 2 * (weights * tokens + withoutHead * promptTokens) + 4.0 * config.NumHiddenLayers * config.QuerySize * cached;
        return new LowerBound(
            (steps * weights * weightBytes + cached * numbersOfToken * cacheBytes) / machine.BytesPerSecond,
            flops / machine.FlopsPerSecond);
    }
}
