using KnapsackCloud.Core.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>What a process computes on.</summary>
public enum DeviceChoice
{
    /// <summary>A GPU where there is one.</summary>
    Auto,
    Cpu,
    Cuda,
}

/// <summary>
/// The device on which this process makes its tensors, weights included. Chosen once, before the first model; the code is the same
/// on all, and only what leaves a tensor for a file or for the program itself goes through the CPU.
/// </summary>
public static class ComputeDevice
{
    public static bool IsGpu => get_default_device().type == DeviceType.CUDA;

    /// <summary>cpu, or cuda with the number of GPUs, for people.</summary>
    public static string Description => IsGpu ? $"cuda ({cuda.device_count()} GPU)" : "cpu";

    /// <summary>False when a GPU is asked for and none answers: without a driver, or in a build without CUDA (-p:TorchBackend=cuda).</summary>
    public static bool TryUse(DeviceChoice choice)
    {
        var gpu = choice != DeviceChoice.Cpu && cuda.is_available();
        if (choice == DeviceChoice.Cuda && !gpu) return false;
        set_default_device(gpu ? CUDA : CPU);
        return true;
    }

    /// <param name="place">What asks, for the error.</param>
    /// <exception cref="InvalidInputException">A GPU is asked for and none answers.</exception>
    public static void Use(DeviceChoice choice, string place)
    {
        if (!TryUse(choice)) throw new InvalidInputException(place, NoGpu);
    }

    /// <summary>Why a GPU cannot be had, and what helps.</summary>
    public const string NoGpu = "is cuda, but no CUDA device answers: check the driver, build with -p:TorchBackend=cuda, or set it to auto or cpu";
}
