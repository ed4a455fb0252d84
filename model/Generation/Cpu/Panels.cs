namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Columns of a right-hand matrix, sixteen to a panel: the numbers that sixteen neighbours have at one place of their length
/// lie together, place after place. Memory that this code does not own.
/// </summary>
/// <typeparam name="T">Of a number, as <see cref="Stored"/> reads it.</typeparam>
/// <param name="first">Aligned to 64 bytes.</param>
/// <param name="next">Numbers from one panel to the next.</param>
internal readonly unsafe struct Panels<T>(T* first, nint next) where T : unmanaged
{
    public T* this[int panel] => first + panel * next;

    /// <summary>The panels from one on, without the first numbers of every column.</summary>
    public Panels<T> From(int panel, int start) => new(this[panel] + (nint)start * Panels.Columns, next);
}

internal static class Panels
{
    /// <summary>Of a panel.</summary>
    public const int Columns = 16;
}
