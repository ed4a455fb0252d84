using System.Runtime.InteropServices;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Numbers outside the managed heap, at the start of a cache line.</summary>
internal sealed unsafe class Buffer : IDisposable
{
    private const int CacheLine = 64;

    public Buffer(long count)
    {
        First = (float*)NativeMemory.AlignedAlloc((nuint)(Math.Max(1, count) * sizeof(float)), CacheLine);
    }

    public float* First { get; private set; }

    public void Dispose()
    {
        NativeMemory.AlignedFree(First);
        First = null;
    }
}
