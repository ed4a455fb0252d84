using KnapsackCloud.Hosting;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.GpuWorker;

/// <summary>What there is to compute on.</summary>
internal static class Devices
{
    private const int ItemsOfGpu = 2;

    /// <exception cref="HostRefusedException">A GPU was asked for and there is none.</exception>
    public static void Use(DeviceChoice device)
    {
        if (!ComputeDevice.TryUse(device)) throw new HostRefusedException($"Worker:Device {ComputeDevice.NoGpu}");
    }

    /// <summary>As many engines as fill the cores, or keep a GPU busy.</summary>
    public static int DefaultItems(int threads) => ComputeDevice.IsGpu ? ItemsOfGpu : Math.Max(1, Environment.ProcessorCount / threads);
}
