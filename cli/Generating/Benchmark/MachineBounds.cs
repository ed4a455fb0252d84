using System.Numerics;
using System.Runtime.InteropServices;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>What this machine can do at best, measured: nothing is generated faster than its weights are read or its products computed.</summary>
/// <param name="BytesPerSecond">Read by all cores together, over as many bytes as the model's weights have; or copied by the GPU.</param>
/// <param name="FlopsPerSecond">Products of large square matrices in the precision of the weights, on all cores or the GPU; a multiplication and an addition are two.</param>
internal sealed record MachineBounds(double BytesPerSecond, double FlopsPerSecond)
{
    private const int MatrixSize = 2_048;
    private const int GpuMatrixSize = 8_192;
    /// <summary>Beyond a GPU's own cache.</summary>
    private const long LeastGpuBytes = 1L << 30;
    private const int Repeats = 16;

    public static MachineBounds Measure(long weightBytes, ScalarType precision, TimeProvider time) =>
        new(ComputeDevice.IsGpu ? GpuBandwidth(weightBytes, time) : Bandwidth(weightBytes, time), ProductFlops(precision, time));

    /// <summary><see cref="FlopsPerSecond"/> alone.</summary>
    public static double ProductFlops(ScalarType precision, TimeProvider time) => Flops(ComputeDevice.IsGpu ? GpuMatrixSize : MatrixSize, precision, time);

    /// <summary>By copying, which reads and writes.</summary>
    private static double GpuBandwidth(long bytes, TimeProvider time)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        var (from, to) = (zeros(Math.Max(LeastGpuBytes, bytes), dtype: ScalarType.Byte), zeros(Math.Max(LeastGpuBytes, bytes), dtype: ScalarType.Byte));
        var best = Enumerable.Range(0, Repeats + 1).Select(_ => Seconds(() => to.copy_(from), time)).Skip(1).Min();
        return 2.0 * from.numel() / best;
    }

    /// <summary>Of memory that is allocated as weights are, and written: pages that nobody wrote are all one page of zeros, which every cache holds.</summary>
    private static double Bandwidth(long bytes, TimeProvider time)
    {
        using var scope = NewDisposeScope();
        var cores = Environment.ProcessorCount;
        var parts = Enumerable.Range(0, cores).Select(_ => ones(Math.Max(1_024, bytes / cores / sizeof(float)))).ToArray();
        var best = Enumerable.Range(0, Repeats).Select(_ => Seconds(() => Parallel.For(0, cores, part => Sum(MemoryMarshal.Cast<byte, float>(parts[part].bytes))), time)).Min();
        return parts.Sum(part => (double)part.numel() * sizeof(float)) / best;
    }

    /// <summary>A CPU may be faster with single precision, which the others can be computed in: what is faster counts.</summary>
    private static double Flops(int size, ScalarType precision, TimeProvider time) =>
        ComputeDevice.IsGpu || precision == ScalarType.Float32 ? FlopsIn(size, precision, time) : Math.Max(FlopsIn(size, precision, time), FlopsIn(size, ScalarType.Float32, time));

    private static double FlopsIn(int size, ScalarType precision, TimeProvider time)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        var (a, b) = (randn(size, size, dtype: precision), randn(size, size, dtype: precision));
        var best = Enumerable.Range(0, Repeats + 1).Select(_ => Seconds(() => mm(a, b).Dispose(), time)).Skip(1).Min();
        return 2 * Math.Pow(size, 3) / best;
    }

    /// <summary>Several sums side by side, so that memory and not the addition sets the pace.</summary>
    private static float Sum(Span<float> values)
    {
        var lanes = MemoryMarshal.Cast<float, Vector<float>>(values);
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i + 4 <= lanes.Length; i += 4)
        {
            a += lanes[i];
            b += lanes[i + 1];
            c += lanes[i + 2];
            d += lanes[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }

    private static double Seconds(Action work, TimeProvider time)
    {
        var started = time.GetTimestamp();
        work();
        if (ComputeDevice.IsGpu) cuda.synchronize();
        return time.GetElapsedTime(started).TotalSeconds;
    }
}
