using KnapsackCloud.Hosting;
using static TorchSharp.torch;

namespace KnapsackCloud.GpuWorker;

/// <summary>What there is to compute on.</summary>
internal static class Devices
{
    /// <exception cref="HostRefusedException">A GPU was asked for and there is none.</exception>
    public static void Require(WorkerDevice device)
    {
        if (device == WorkerDevice.Cuda && !cuda.is_available())
            throw new HostRefusedException("Worker:Device is cuda, but no CUDA device answers: check the driver, build with -p:TorchBackend=cuda, or set it to auto or cpu");
    }

    /// <summary>As many engines as fill the cores.</summary>
    public static int DefaultItems(int threads) => Math.Max(1, Environment.ProcessorCount / threads);
}
