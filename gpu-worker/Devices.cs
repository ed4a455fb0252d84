using KnapsackCloud.Hosting;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.GpuWorker;

/// <summary>What there is to compute on.</summary>
internal static class Devices
{
    /// <exception cref="HostRefusedException">A GPU was asked for and there is none.</exception>
    public static void Use(DeviceChoice device)
    {
        if (!ComputeDevice.TryUse(device)) throw new HostRefusedException($"Worker:Device {ComputeDevice.NoGpu}");
    }

    /// <summary>As many engines as fill the cores; a GPU is one.</summary>
    public static int DefaultItems(int threads) => ComputeDevice.IsGpu ? 1 : Math.Max(1, Environment.ProcessorCount / threads);
}
