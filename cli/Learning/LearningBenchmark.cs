using KnapsackCloud.Cli.Generating.Benchmark;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Learning;

/// <summary>
/// The learner's step beside a padded loop and the speed of large matrix products. Each repeat runs all of them one after
/// another, so that a busy neighbour meets all alike; the median over the repeats counts, of the products the best.
/// </summary>
/// <param name="learning">What a spec has of our own step.</param>
/// <param name="padded">The peer is left out where it is only waited for.</param>
internal sealed class LearningBenchmark(TimeProvider time, int repeats, LearningSpec learning, bool padded, Action<string> progress)
{
    /// <summary>Updates are made in full and change nothing, so that every measurement is of the same model.</summary>
    private const double LearningRate = 0;
    /// <summary>How far apart the losses of one update may be: both round, and each in its own order.</summary>
    private readonly double _tolerance = learning.Precision == LearningPrecision.Full ? 1e-4 : 1e-2;

    private readonly RunSpec _spec = new() { Learning = learning with { MinibatchRows = int.MaxValue, LearningRate = LearningRate, WarmupSteps = 0 } };

    /// <param name="workloads">Of one model.</param>
    public IReadOnlyList<LearningCase> Run(string name, IReadOnlyList<LearningWorkload> workloads, CancellationToken cancellation)
    {
        using var model = BenchModel.Make(BenchModel.Config(name), ScalarType.Float32);
        using var ours = new LearnerStep(model, _spec, Environment.ProcessorCount);
        // Before the peer is there: memory that it has used may stay with the process.
        var first = workloads.Select(workload => Warm(workload, model, ours, cancellation)).ToList();
        using var peer = padded ? new PaddedLearner(model, LearningRate) : null;
        return [.. first.Select(step => Case(step, model, ours, peer, cancellation))];
    }

    /// <summary>The first step of a workload, not timed.</summary>
    private FirstStep Warm(LearningWorkload workload, DecoderModel model, LearnerStep ours, CancellationToken cancellation)
    {
        var batch = workload.Batch(model.Config);
        using var memory = new PeakMemory(time);
        var loss = ours.Run(1, batch, time, cancellation).Loss;
        return new FirstStep(workload, batch, loss, memory.Stop());
    }

    private LearningCase Case(FirstStep first, DecoderModel model, LearnerStep ours, PaddedLearner? peer, CancellationToken cancellation)
    {
        var batch = first.Batch;
        if (peer is not null) CheckLoss(first.Loss, peer.Step(batch.Groups, cancellation));
        var (seconds, paddedSeconds, flopsPerSecond) = (new List<double>(), new List<double>(), 0.0);
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            flopsPerSecond = Math.Max(flopsPerSecond, MachineBounds.ProductFlops(ScalarType.Float32, time));
            seconds.Add(Seconds(() => ours.Run(1, batch, time, cancellation)));
            if (peer is not null) paddedSeconds.Add(Seconds(() => peer.Step(batch.Groups, cancellation)));
        }

        var result = LearningCase.Of(
            first.Workload, batch, Median(seconds), peer is null ? null : Median(paddedSeconds), LearningBound.Flops(batch.Groups, model.Config), flopsPerSecond, first.PeakBytes);
        progress($"{result.Model} {result.PromptTokens}/{result.AnswerTokens} groups of {result.GroupSize} {result.Lengths}: {result.TokensPerSecond:0} tokens/s, {result.TimesPadded:0.0} times padded, {result.PercentOfBound:0}% of the bound, peak {result.PeakGigabytes:0.0} GB");
        return result;
    }

    private void CheckLoss(double ours, double other)
    {
        if (!(Math.Abs(ours - other) < _tolerance)) throw new InvalidOperationException($"the losses of the two learners are {ours} and {other}: they do not do the same");
    }

    private double Seconds(Action work)
    {
        var started = time.GetTimestamp();
        work();
        if (ComputeDevice.IsGpu) cuda.synchronize();
        return time.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record FirstStep(LearningWorkload Workload, TrainingBatch Batch, double Loss, long PeakBytes);
}
