using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Where the numbers of tensors are.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>Of a contiguous tensor on the CPU, whose memory has to outlive the pointer. By its first number: the library spans no tensor of more than 2 GiB.</summary>
    /// <typeparam name="T">Of as many bytes as the tensor's numbers, or a byte.</typeparam>
    public static T* Of<T>(Tensor tensor) where T : unmanaged
    {
        using var scope = NewDisposeScope();
        return (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.view(-1).narrow(0, 0, 1).bytes));
    }
}
