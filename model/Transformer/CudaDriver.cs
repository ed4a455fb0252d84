using System.Runtime.InteropServices;

namespace KnapsackCloud.Model.Transformer;

/// <summary>Asks the CUDA driver what the tensor library does not tell. Every call returns 0 for success, as documented in the driver's interface.</summary>
internal static partial class CudaDriver
{
    private const string Library = "libcuda.so.1";
    /// <summary>The GPU that this process computes on: the first it may see.</summary>
    private const int Ordinal = 0;

    /// <summary>Bytes of the GPU that nobody has taken; null when no driver answers.</summary>
    public static long? FreeBytes()
    {
        try
        {
            if (Init(0) != 0 || DeviceGet(out var device, Ordinal) != 0 || PrimaryContextRetain(out var context, device) != 0) return null;
            try
            {
                return FreeBytes(context);
            }
            finally
            {
                _ = PrimaryContextRelease(device);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <param name="context">The one that the tensor library computes in.</param>
    private static long? FreeBytes(nint context)
    {
        if (ContextPush(context) != 0) return null;
        var known = MemoryInfo(out var free, out _) == 0;
        _ = ContextPop(out _);
        return known ? (long)free : null;
    }

    [LibraryImport(Library, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static partial int PrimaryContextRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    private static partial int PrimaryContextRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuCtxPushCurrent_v2")]
    private static partial int ContextPush(nint context);

    [LibraryImport(Library, EntryPoint = "cuCtxPopCurrent_v2")]
    private static partial int ContextPop(out nint context);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemoryInfo(out nuint free, out nuint total);
}
