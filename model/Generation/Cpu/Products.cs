using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>A matrix in memory that this code does not own, row by row.</summary>
/// <param name="stride">Numbers from one row to the next.</param>
/// <typeparam name="T">Of a number, as <see cref="Stored"/> reads it.</typeparam>
internal readonly unsafe struct Rows<T>(T* first, int stride) where T : unmanaged
{
    public int Stride => stride;

    public T* this[int row] => first + (nint)row * stride;

    /// <summary>The same rows without their first numbers.</summary>
    public Rows<T> From(int column) => new(first + column, stride);

    /// <summary>The rows from one on.</summary>
    public Rows<T> Below(int row) => new(this[row], stride);
}

/// <summary>Products of matrices whose rows both lie in memory as they are multiplied: x wᵀ.</summary>
internal static unsafe class Products
{
    /// <summary>Bytes of right-hand rows that stay in the first-level cache while all left-hand rows pass by.</summary>
    private const int BlockBytes = 24 * 1024;

    /// <summary>y[m, n] = x[m, :] · w[n, :] for all rows m of x and n in a range.</summary>
    /// <param name="length">Of the rows of x and w: a multiple of <see cref="Tiles.Lanes"/>; a head's size, so that some rows and a block fit the first-level cache.</param>
    public static void Multiply<T>(Rows<float> x, int rows, Rows<T> w, (int First, int End) columns, int length, Rows<float> y) where T : unmanaged
    {
        var (first, end) = columns;
        if (rows == 1) OneRow(x, w, first, end, length, y);
        else if (rows == 2) TwoRows(x, w, first, end, length, y);
        else Blocks(x, rows, w, first, end, length, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow<T>(Rows<float> x, Rows<T> w, int first, int end, int length, Rows<float> y) where T : unmanaged
    {
        var n = first;
        for (; n + 16 <= end; n += 16) Tiles.OneBySixteen(x[0], w[n], w.Stride, length).Store(y[0] + n);
        for (; n < end; n++) Single(x[0], w[n], length, y[0] + n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows<T>(Rows<float> x, Rows<T> w, int first, int end, int length, Rows<float> y) where T : unmanaged
    {
        var n = first;
        for (; n + 8 <= end; n += 8)
        {
            var sums = Tiles.TwoByEight(x[0], x[1], w[n], w.Stride, length, w[n + 8]);
            sums.GetLower().Store(y[0] + n);
            sums.GetUpper().Store(y[1] + n);
        }

        for (; n < end; n++)
            for (var m = 0; m < 2; m++) Single(x[m], w[n], length, y[m] + n);
    }

    private static void Blocks<T>(Rows<float> x, int rows, Rows<T> w, int first, int end, int length, Rows<float> y) where T : unmanaged
    {
        var block = Math.Max(4, BlockBytes / (sizeof(T) * length) / 4 * 4);
        for (var start = first; start < end; start += block)
        {
            (int First, int End) columns = (start, Math.Min(end, start + block));
            // Meanwhile the next block is fetched bit by bit: its first rows would wait for memory otherwise.
            var fetch = new Fetching<T>(w, columns.End, Math.Min(end, start + 2 * block));
            for (var m = 0; m < rows;)
            {
                var tile = TileRows(rows - m);
                if (tile == 6) SixRows(x, m, Math.Min(6, rows - m), w, columns, length, y, ref fetch);
                else FourRows(x, m, Math.Min(4, rows - m), w, columns, length, y, ref fetch);
                m += tile;
            }
        }
    }

    /// <summary>Six rows at once are faster, but for a remainder that two fours hold.</summary>
    private static int TileRows(int left) => left is <= 4 or 7 or 8 ? 4 : 6;

    /// <summary>Where fewer than six are left the last one is computed several times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixRows<T>(Rows<float> x, int m, int count, Rows<T> w, (int First, int End) columns, int length, Rows<float> y, ref Fetching<T> fetch) where T : unmanaged
    {
        float* x4 = x[m + Math.Min(4, count - 1)], x5 = x[m + count - 1];
        var n = columns.First;
        for (; n + 4 <= columns.End; n += 4)
        {
            var (four, two) = Tiles.SixByFour(x[m], x[m + 1], x[m + 2], x[m + 3], x4, x5, w[n], w.Stride, length, fetch.Next());
            four.GetLower().GetLower().Store(y[m] + n);
            four.GetLower().GetUpper().Store(y[m + 1] + n);
            four.GetUpper().GetLower().Store(y[m + 2] + n);
            four.GetUpper().GetUpper().Store(y[m + 3] + n);
            two.GetLower().Store(y[m + 4] + n);
            if (count > 5) two.GetUpper().Store(y[m + 5] + n);
        }

        Remainder(x, m, count, w, (n, columns.End), length, y);
    }

    /// <summary>Where fewer than four are left the last one is computed several times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows<T>(Rows<float> x, int m, int count, Rows<T> w, (int First, int End) columns, int length, Rows<float> y, ref Fetching<T> fetch) where T : unmanaged
    {
        float* x1 = x[m + Math.Min(1, count - 1)], x2 = x[m + Math.Min(2, count - 1)], x3 = x[m + count - 1];
        var n = columns.First;
        for (; n + 4 <= columns.End; n += 4)
        {
            var sums = Tiles.FourByFour(x[m], x1, x2, x3, w[n], w.Stride, length, fetch.Next());
            sums.GetLower().GetLower().Store(y[m] + n);
            if (count > 1) sums.GetLower().GetUpper().Store(y[m + 1] + n);
            if (count > 2) sums.GetUpper().GetLower().Store(y[m + 2] + n);
            if (count > 3) sums.GetUpper().GetUpper().Store(y[m + 3] + n);
        }

        Remainder(x, m, count, w, (n, columns.End), length, y);
    }

    /// <summary>Columns that fill no tile.</summary>
    private static void Remainder<T>(Rows<float> x, int m, int count, Rows<T> w, (int First, int End) columns, int length, Rows<float> y) where T : unmanaged
    {
        for (var n = columns.First; n < columns.End; n++)
            for (var i = 0; i < count; i++) Single(x[m + i], w[n], length, y[m + i] + n);
    }

    /// <summary>One dot product, in the order of all others.</summary>
    private static void Single<T>(float* x, T* w, int length, float* y) where T : unmanaged => *y = Tiles.FourByFour(x, x, x, x, w, 0, length, w).ToScalar();

    /// <summary>Rows that are to be brought nearer, one at a time; after the last one the same again, which costs nothing.</summary>
    private struct Fetching<T>(Rows<T> w, int first, int end) where T : unmanaged
    {
        private int _next = first - 1;

        public T* Next() => w[_next = Math.Min(_next + 1, Math.Max(first, end - 1))];
    }
}
