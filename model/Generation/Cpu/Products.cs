using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>A matrix in memory that this code does not own, row by row.</summary>
/// <param name="stride">Numbers from one row to the next.</param>
internal readonly unsafe struct Rows(float* first, int stride)
{
    public int Stride => stride;

    public float* this[int row] => first + (nint)row * stride;

    /// <summary>The same rows without their first numbers.</summary>
    public Rows From(int column) => new(first + column, stride);
}

/// <summary>Products of matrices whose rows both lie in memory as they are multiplied: x wᵀ.</summary>
internal static unsafe class Products
{
    /// <summary>Bytes of right-hand rows that stay in the first-level cache while all left-hand rows pass by.</summary>
    private const int BlockBytes = 24 * 1024;

    /// <summary>Longer rows are multiplied piece by piece: six of them and a block would not fit the first-level cache.</summary>
    private const int LongestPiece = 768;

    /// <summary>y[m, n] = x[m, :] · w[n, :] (+ y[m, n] where it adds) for all rows m of x and n in a range.</summary>
    /// <param name="length">Of the rows of x and w: a multiple of <see cref="Tiles.Lanes"/>.</param>
    public static void Multiply(Rows x, int rows, Rows w, (int First, int End) columns, int length, Rows y, bool add = false)
    {
        var pieces = (length + LongestPiece - 1) / LongestPiece;
        var (vectors, start) = (length / Tiles.Lanes, 0);
        for (var piece = 1; piece <= pieces; piece++)
        {
            var end = vectors * piece / pieces * Tiles.Lanes;
            MultiplyPiece(x.From(start), rows, w.From(start), columns, end - start, y, add || piece > 1);
            start = end;
        }
    }

    private static void MultiplyPiece(Rows x, int rows, Rows w, (int First, int End) columns, int length, Rows y, bool add)
    {
        var (first, end) = columns;
        if (rows == 1) OneRow(x, w, first, end, length, y, add);
        else if (rows == 2) TwoRows(x, w, first, end, length, y, add);
        else Blocks(x, rows, w, first, end, length, y, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(Rows x, Rows w, int first, int end, int length, Rows y, bool add)
    {
        var n = first;
        for (; n + 16 <= end; n += 16) Store(Tiles.OneBySixteen(x[0], w[n], w.Stride, length), y[0] + n, add);
        for (; n < end; n++) Single(x[0], w[n], length, y[0] + n, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(Rows x, Rows w, int first, int end, int length, Rows y, bool add)
    {
        var n = first;
        for (; n + 8 <= end; n += 8)
        {
            var sums = Tiles.TwoByEight(x[0], x[1], w[n], w.Stride, length, w[n + 8]);
            Store(sums.GetLower(), y[0] + n, add);
            Store(sums.GetUpper(), y[1] + n, add);
        }

        for (; n < end; n++)
            for (var m = 0; m < 2; m++) Single(x[m], w[n], length, y[m] + n, add);
    }

    private static void Blocks(Rows x, int rows, Rows w, int first, int end, int length, Rows y, bool add)
    {
        var block = Math.Max(4, BlockBytes / (sizeof(float) * length) / 4 * 4);
        for (var start = first; start < end; start += block)
        {
            (int First, int End) columns = (start, Math.Min(end, start + block));
            // Meanwhile the next block is fetched bit by bit: its first rows would wait for memory otherwise.
            var fetch = new Fetching(w, columns.End, Math.Min(end, start + 2 * block));
            for (var m = 0; m < rows;)
            {
                var tile = TileRows(rows - m);
                if (tile == 6) SixRows(x, m, Math.Min(6, rows - m), w, columns, length, y, add, ref fetch);
                else FourRows(x, m, Math.Min(4, rows - m), w, columns, length, y, add, ref fetch);
                m += tile;
            }
        }
    }

    /// <summary>Six rows at once are faster, but for a remainder that two fours hold.</summary>
    private static int TileRows(int left) => left is <= 4 or 7 or 8 ? 4 : 6;

    /// <summary>Where fewer than six are left the last one is computed several times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixRows(Rows x, int m, int count, Rows w, (int First, int End) columns, int length, Rows y, bool add, ref Fetching fetch)
    {
        float* x4 = x[m + Math.Min(4, count - 1)], x5 = x[m + count - 1];
        var n = columns.First;
        for (; n + 4 <= columns.End; n += 4)
        {
            var (four, two) = Tiles.SixByFour(x[m], x[m + 1], x[m + 2], x[m + 3], x4, x5, w[n], w.Stride, length, fetch.Next());
            Store(four.GetLower().GetLower(), y[m] + n, add);
            Store(four.GetLower().GetUpper(), y[m + 1] + n, add);
            Store(four.GetUpper().GetLower(), y[m + 2] + n, add);
            Store(four.GetUpper().GetUpper(), y[m + 3] + n, add);
            Store(two.GetLower(), y[m + 4] + n, add);
            if (count > 5) Store(two.GetUpper(), y[m + 5] + n, add);
        }

        Remainder(x, m, count, w, (n, columns.End), length, y, add);
    }

    /// <summary>Where fewer than four are left the last one is computed several times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(Rows x, int m, int count, Rows w, (int First, int End) columns, int length, Rows y, bool add, ref Fetching fetch)
    {
        float* x1 = x[m + Math.Min(1, count - 1)], x2 = x[m + Math.Min(2, count - 1)], x3 = x[m + count - 1];
        var n = columns.First;
        for (; n + 4 <= columns.End; n += 4)
        {
            var sums = Tiles.FourByFour(x[m], x1, x2, x3, w[n], w.Stride, length, fetch.Next());
            Store(sums.GetLower().GetLower(), y[m] + n, add);
            if (count > 1) Store(sums.GetLower().GetUpper(), y[m + 1] + n, add);
            if (count > 2) Store(sums.GetUpper().GetLower(), y[m + 2] + n, add);
            if (count > 3) Store(sums.GetUpper().GetUpper(), y[m + 3] + n, add);
        }

        Remainder(x, m, count, w, (n, columns.End), length, y, add);
    }

    /// <summary>Columns that fill no tile.</summary>
    private static void Remainder(Rows x, int m, int count, Rows w, (int First, int End) columns, int length, Rows y, bool add)
    {
        for (var n = columns.First; n < columns.End; n++)
            for (var i = 0; i < count; i++) Single(x[m + i], w[n], length, y[m + i] + n, add);
    }

    /// <summary>One dot product, in the order of all others.</summary>
    private static void Single(float* x, float* w, int length, float* y, bool add)
    {
        var sum = Tiles.FourByFour(x, x, x, x, w, 0, length, w).ToScalar();
        *y = add ? *y + sum : sum;
    }

    private static void Store(Vector512<float> sums, float* y, bool add) => (add ? Vector512.Load(y) + sums : sums).Store(y);

    private static void Store(Vector256<float> sums, float* y, bool add) => (add ? Vector256.Load(y) + sums : sums).Store(y);

    private static void Store(Vector128<float> sums, float* y, bool add) => (add ? Vector128.Load(y) + sums : sums).Store(y);

    /// <summary>Rows that are to be brought nearer, one at a time; after the last one the same again, which costs nothing.</summary>
    private struct Fetching(Rows w, int first, int end)
    {
        private int _next = first - 1;

        public float* Next() => w[_next = Math.Min(_next + 1, Math.Max(first, end - 1))];
    }
}
