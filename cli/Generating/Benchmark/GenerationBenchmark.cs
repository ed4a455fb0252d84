using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>
/// The engine beside the naive loop and the bounds of the machine. Each repeat runs all of them one after another, so that
/// a busy neighbour meets all alike; the median over the repeats counts. A share of a bound is taken repeat by repeat, of what the
/// machine could do at that moment.
/// </summary>
/// <param name="options">Of an engine; how many threads and rows it has is the measurement's choice.</param>
/// <param name="naive">The peer is left out where it is only waited for.</param>
internal sealed class GenerationBenchmark(TimeProvider time, int repeats, EngineOptions options, bool naive, Action<string> progress)
{
    /// <summary>What a core's own caches hold, about.</summary>
    private const long LargeModelBytes = 16 << 20;

    private static readonly SamplingSpec Sampling = new() { Temperature = 1 };

    /// <param name="workloads">Of one model.</param>
    public IReadOnlyList<GenerationCase> Run(string name, IReadOnlyList<Workload> workloads, CancellationToken cancellation)
    {
        var config = BenchModel.Config(name);
        using var model = BenchModel.Make(config, Options.WeightType(config));
        // The naive loop's numbers are float32 on a CPU, which computes with them fastest.
        using var single = ComputeDevice.IsGpu || model.Embedding_VxD.dtype == ScalarType.Float32 ? null : model.As(ScalarType.Float32);
        var peer = single ?? model;
        Warm(model, peer, name, cancellation);
        return [.. workloads.Select(workload => Case(workload, model, peer, cancellation))];
    }

    private EngineOptions Options { get; } = options with { Threads = Environment.ProcessorCount };

    private void Warm(DecoderModel model, DecoderModel peer, string name, CancellationToken cancellation)
    {
        var small = new Workload(name, Batch: 2, PromptTokens: 8, NewTokens: 4, Spread: false);
        Ours(model, small, cancellation);
        Naive(peer, small, preallocated: false, cancellation);
        Naive(peer, small, preallocated: true, cancellation);
    }

    private GenerationCase Case(Workload workload, DecoderModel model, DecoderModel peer, CancellationToken cancellation)
    {
        var bytesOfNumber = (int)model.Embedding_VxD.ElementSize;
        var runs = new List<(EngineRun Ours, double Naive, double Preallocated, MachineBounds Machine)>();
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var now = MachineBounds.Measure(BenchModel.WeightsRead(model.Config) * bytesOfNumber, model.Embedding_VxD.dtype, time);
            runs.Add((Ours(model, workload, cancellation), Naive(peer, workload, false, cancellation), Naive(peer, workload, true, cancellation), now));
        }

        var machine = new MachineBounds(Median(runs.Select(run => run.Machine.BytesPerSecond)), Median(runs.Select(run => run.Machine.FlopsPerSecond)));
        var bounds = runs.Select(run => (run.Ours.Seconds, Bound: LowerBound.Of(workload, model.Config, run.Machine, bytesOfNumber, bytesOfNumber))).ToList();
        var reached = new BoundShares(
            Median(bounds.Select(run => run.Bound.MemorySeconds / run.Seconds)), Median(bounds.Select(run => run.Bound.ComputeSeconds / run.Seconds)), Median(bounds.Select(run => run.Bound.Seconds / run.Seconds)));
        var ours = new EngineRun(Median(runs.Select(run => run.Ours.Seconds)), runs.Max(run => run.Ours.Bytes));
        var result = GenerationCase.Of(workload, model.Embedding_VxD.dtype, Options, ours, Median(runs.Select(run => run.Naive)), Median(runs.Select(run => run.Preallocated)), reached, machine);
        progress($"{result.Model} batch {result.Batch} {result.Lengths}: {result.TokensPerSecond:0} tokens/s, naive {result.NaiveTokensPerSecond:0}, {result.PercentOfBound:0}% of the bound");
        return result;
    }

    /// <summary>An engine a core, one thread each, where there are prompts for all of them; for a large model, whose weights each engine would read, or on a GPU, one engine on all cores.</summary>
    private EngineRun Ours(DecoderModel model, Workload workload, CancellationToken cancellation)
    {
        var prompts = workload.Prompts(model.Config);
        var cores = Environment.ProcessorCount;
        var weightBytes = BenchModel.WeightsRead(model.Config) * model.Embedding_VxD.ElementSize;
        var engines = !ComputeDevice.IsGpu && prompts.Count >= cores && weightBytes <= LargeModelBytes ? cores : 1;
        var each = Options with { Threads = cores / engines, MaxRows = Math.Max(1, workload.Batch / engines) };
        var tokens = new int[engines];
        var before = Environment.WorkingSet;
        using var memory = new PeakMemory(time);
        var started = time.GetTimestamp();
        Parallel.For(0, engines, new ParallelOptions { CancellationToken = cancellation }, number =>
        {
            GenerationPrompt[] share = [.. prompts.Where((_, at) => at % engines == number)];
            var completions = new GenerationEngine(model, each).Generate(share, Sampling with { MaxTokens = workload.NewTokens }, cancellation);
            tokens[number] = completions.Sum(group => group.Sum(completion => completion.TokenIds.Length));
        });
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        return tokens.Sum() == workload.Lengths().Sum() ? new EngineRun(seconds, memory.Stop() - before) : throw new InvalidOperationException($"the engines generated {tokens.Sum()} tokens instead of {workload.Lengths().Sum()}");
    }

    /// <summary>Batches of the rollouts in their order; what a row generates after its own end is wasted.</summary>
    private double Naive(DecoderModel model, Workload workload, bool preallocated, CancellationToken cancellation)
    {
        if (!naive) return double.NaN;
        var loop = new NaiveLoop(model, preallocated);
        var rows = workload.Prompts(model.Config).SelectMany(prompt => prompt.MaxTokens!.Select(length => (prompt.TokenIds, Length: length))).ToArray();
        var threads = get_num_threads();
        set_num_threads(Environment.ProcessorCount);
        var started = time.GetTimestamp();
        foreach (var batch in rows.Chunk(workload.Batch)) loop.Run([.. batch.Select(row => row.TokenIds)], batch.Max(row => row.Length), cancellation);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        set_num_threads(threads);
        return seconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
