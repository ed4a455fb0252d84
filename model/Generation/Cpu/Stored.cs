using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>A number of the precision bfloat16: the upper half of a float's bits.</summary>
internal readonly struct BFloat16(ushort bits)
{
    public ushort Bits => bits;
}

/// <summary>
/// Weights and cached numbers are <see cref="float"/> or <see cref="BFloat16"/> in memory; all that is computed with them is
/// float. What is asked about a type is known when code for it is made: it costs nothing.
/// </summary>
internal static unsafe class Stored
{
    /// <summary>Sixteen numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<T>(T* from) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return Vector512.Load((float*)from);
        return Vector512.ShiftLeft(Vector512.WidenLower(Vector256.Load((ushort*)from).ToVector512Unsafe()), 16).AsSingle();
    }

    /// <summary>Writes numbers, each rounded to the nearest of its type, the even one of two.</summary>
    /// <param name="count">A multiple of <see cref="Tiles.Lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<T>(float* from, T* to, int count) where T : unmanaged
    {
        for (var i = 0; i < count; i += Tiles.Lanes)
        {
            var numbers = Vector512.Load(from + i);
            if (typeof(T) == typeof(float)) numbers.Store((float*)(to + i));
            else Rounded(numbers.AsUInt32()).Store((ushort*)(to + i));
        }
    }

    /// <summary>Reads numbers.</summary>
    /// <param name="count">A multiple of <see cref="Tiles.Lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read<T>(T* from, float* to, int count) where T : unmanaged
    {
        for (var i = 0; i < count; i += Tiles.Lanes) Load(from + i).Store(to + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Rounded(Vector512<uint> bits)
    {
        var nearest = bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One);
        return Vector512.Narrow(nearest >>> 16, nearest >>> 16).GetLower();
    }
}
