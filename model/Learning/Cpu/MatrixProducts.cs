using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Generation.Cpu;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>A left-hand matrix, whose numbers are multiplied one at a time: it may lie row by row or column by column.</summary>
/// <param name="row">Numbers from one row to the next.</param>
/// <param name="step">Numbers from one column to the next.</param>
internal readonly unsafe struct LeftMatrix(float* first, nint row, nint step)
{
    public nint Row => row;
    public nint Step => step;

    public float* this[int number] => first + number * row;

    /// <summary>The same rows without their first numbers.</summary>
    public LeftMatrix From(int column) => new(first + column * step, row, step);
}

/// <summary>
/// Products of small matrices that the caches hold, as they lie: no packing, no call of a library. Tiles are of 6 or 4 rows by 64 or 16
/// columns; every number is summed in the order of its length.
/// </summary>
internal static unsafe class MatrixProducts
{
    private const int Lanes = Tiles.Lanes;
    private const int Wide = 4 * Lanes;

    /// <summary>Of a right-hand matrix that is read as it lies.</summary>
    private const int NearNumbers = 1 << 15;

    private const int PackedLength = 512;

    /// <summary>Rows to compute for so many: even, and four at least. All matrices have so many.</summary>
    public static int Padded(int rows) => Math.Max(4, (rows + 1) / 2 * 2);

    /// <summary>c (+)= a b, of padded rows.</summary>
    /// <param name="b">Row by row, a row for every number of a's rows.</param>
    /// <param name="columns">A multiple of <see cref="Tiles.Lanes"/>.</param>
    /// <param name="length">Of a's rows.</param>
    public static void Multiply(LeftMatrix a, Rows<float> b, Rows<float> c, int rows, int columns, int length, bool add)
    {
        var column = 0;
        for (; column + Wide <= columns; column += Wide) WideColumns(a, b.From(column), c.From(column), rows, length, add);
        for (; column < columns; column += Lanes) Columns(a, b.From(column), c.From(column), rows, length, add, wide: false);
    }

    /// <summary>Columns of a large matrix are laid together first, some of their length at a time: as they lie, every number would be in a page of its own.</summary>
    [SkipLocalsInit]
    private static void WideColumns(LeftMatrix a, Rows<float> b, Rows<float> c, int rows, int length, bool add)
    {
        if ((long)b.Stride * length <= NearNumbers)
        {
            Columns(a, b, c, rows, length, add, wide: true);
            return;
        }

        var packed = stackalloc float[PackedLength * Wide];
        for (var start = 0; start < length; start += PackedLength)
        {
            var piece = Math.Min(PackedLength, length - start);
            for (var k = 0; k < piece; k++) RowOperations.Copy(b[start + k], packed + k * Wide, Wide);
            Columns(a.From(start), new Rows<float>(packed, Wide), c, rows, piece, add || start > 0, wide: true);
        }
    }

    private static void Columns(LeftMatrix a, Rows<float> b, Rows<float> c, int rows, int length, bool add, bool wide)
    {
        for (var row = 0; row < rows;)
        {
            var six = rows - row is 6 or > 8;
            if (wide && six) SixWide(a, a[row], b, length, c.Below(row), add);
            else if (wide) FourWide(a, a[row], b, length, c.Below(row), add);
            else if (six) SixNarrow(a, a[row], b, length, c.Below(row), add);
            else FourNarrow(a, a[row], b, length, c.Below(row), add);
            row += six ? 6 : 4;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixWide(LeftMatrix a, float* x, Rows<float> b, int length, Rows<float> c, bool add)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        Vector512<float> e0 = default, e1 = default, e2 = default, e3 = default, f0 = default, f1 = default, f2 = default, f3 = default;
        nint row = a.Row, step = a.Step, next = b.Stride;
        float* w = b[0], y = x + 3 * row;
        for (var k = 0; k < length; k++, x += step, y += step, w += next)
        {
            var (w0, w1, w2, w3) = (Vector512.Load(w), Vector512.Load(w + Lanes), Vector512.Load(w + 2 * Lanes), Vector512.Load(w + 3 * Lanes));
            var number = Vector512.Create(x[0]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, w0, a0), Vector512.FusedMultiplyAdd(number, w1, a1), Vector512.FusedMultiplyAdd(number, w2, a2), Vector512.FusedMultiplyAdd(number, w3, a3));
            number = Vector512.Create(x[row]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(number, w0, b0), Vector512.FusedMultiplyAdd(number, w1, b1), Vector512.FusedMultiplyAdd(number, w2, b2), Vector512.FusedMultiplyAdd(number, w3, b3));
            number = Vector512.Create(x[2 * row]);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(number, w0, c0), Vector512.FusedMultiplyAdd(number, w1, c1), Vector512.FusedMultiplyAdd(number, w2, c2), Vector512.FusedMultiplyAdd(number, w3, c3));
            number = Vector512.Create(y[0]);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(number, w0, d0), Vector512.FusedMultiplyAdd(number, w1, d1), Vector512.FusedMultiplyAdd(number, w2, d2), Vector512.FusedMultiplyAdd(number, w3, d3));
            number = Vector512.Create(y[row]);
            (e0, e1, e2, e3) = (Vector512.FusedMultiplyAdd(number, w0, e0), Vector512.FusedMultiplyAdd(number, w1, e1), Vector512.FusedMultiplyAdd(number, w2, e2), Vector512.FusedMultiplyAdd(number, w3, e3));
            number = Vector512.Create(y[2 * row]);
            (f0, f1, f2, f3) = (Vector512.FusedMultiplyAdd(number, w0, f0), Vector512.FusedMultiplyAdd(number, w1, f1), Vector512.FusedMultiplyAdd(number, w2, f2), Vector512.FusedMultiplyAdd(number, w3, f3));
        }

        Store(a0, a1, a2, a3, c[0], add);
        Store(b0, b1, b2, b3, c[1], add);
        Store(c0, c1, c2, c3, c[2], add);
        Store(d0, d1, d2, d3, c[3], add);
        Store(e0, e1, e2, e3, c[4], add);
        Store(f0, f1, f2, f3, c[5], add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourWide(LeftMatrix a, float* x, Rows<float> b, int length, Rows<float> c, bool add)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        nint row = a.Row, step = a.Step, next = b.Stride;
        float* w = b[0], y = x + 2 * row;
        for (var k = 0; k < length; k++, x += step, y += step, w += next)
        {
            var (w0, w1, w2, w3) = (Vector512.Load(w), Vector512.Load(w + Lanes), Vector512.Load(w + 2 * Lanes), Vector512.Load(w + 3 * Lanes));
            var number = Vector512.Create(x[0]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, w0, a0), Vector512.FusedMultiplyAdd(number, w1, a1), Vector512.FusedMultiplyAdd(number, w2, a2), Vector512.FusedMultiplyAdd(number, w3, a3));
            number = Vector512.Create(x[row]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(number, w0, b0), Vector512.FusedMultiplyAdd(number, w1, b1), Vector512.FusedMultiplyAdd(number, w2, b2), Vector512.FusedMultiplyAdd(number, w3, b3));
            number = Vector512.Create(y[0]);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(number, w0, c0), Vector512.FusedMultiplyAdd(number, w1, c1), Vector512.FusedMultiplyAdd(number, w2, c2), Vector512.FusedMultiplyAdd(number, w3, c3));
            number = Vector512.Create(y[row]);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(number, w0, d0), Vector512.FusedMultiplyAdd(number, w1, d1), Vector512.FusedMultiplyAdd(number, w2, d2), Vector512.FusedMultiplyAdd(number, w3, d3));
        }

        Store(a0, a1, a2, a3, c[0], add);
        Store(b0, b1, b2, b3, c[1], add);
        Store(c0, c1, c2, c3, c[2], add);
        Store(d0, d1, d2, d3, c[3], add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixNarrow(LeftMatrix a, float* x, Rows<float> b, int length, Rows<float> c, bool add)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        nint row = a.Row, step = a.Step, next = b.Stride;
        float* w = b[0], y = x + 3 * row;
        for (var k = 0; k < length; k++, x += step, y += step, w += next)
        {
            var numbers = Vector512.Load(w);
            (a0, a1, a2) = (Vector512.FusedMultiplyAdd(Vector512.Create(x[0]), numbers, a0), Vector512.FusedMultiplyAdd(Vector512.Create(x[row]), numbers, a1), Vector512.FusedMultiplyAdd(Vector512.Create(x[2 * row]), numbers, a2));
            (a3, a4, a5) = (Vector512.FusedMultiplyAdd(Vector512.Create(y[0]), numbers, a3), Vector512.FusedMultiplyAdd(Vector512.Create(y[row]), numbers, a4), Vector512.FusedMultiplyAdd(Vector512.Create(y[2 * row]), numbers, a5));
        }

        Store(a0, c[0], add);
        Store(a1, c[1], add);
        Store(a2, c[2], add);
        Store(a3, c[3], add);
        Store(a4, c[4], add);
        Store(a5, c[5], add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourNarrow(LeftMatrix a, float* x, Rows<float> b, int length, Rows<float> c, bool add)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        nint row = a.Row, step = a.Step, next = b.Stride;
        float* w = b[0], y = x + 2 * row;
        for (var k = 0; k < length; k++, x += step, y += step, w += next)
        {
            var numbers = Vector512.Load(w);
            (a0, a1) = (Vector512.FusedMultiplyAdd(Vector512.Create(x[0]), numbers, a0), Vector512.FusedMultiplyAdd(Vector512.Create(x[row]), numbers, a1));
            (a2, a3) = (Vector512.FusedMultiplyAdd(Vector512.Create(y[0]), numbers, a2), Vector512.FusedMultiplyAdd(Vector512.Create(y[row]), numbers, a3));
        }

        Store(a0, c[0], add);
        Store(a1, c[1], add);
        Store(a2, c[2], add);
        Store(a3, c[3], add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3, float* to, bool add)
    {
        Store(a0, to, add);
        Store(a1, to + Lanes, add);
        Store(a2, to + 2 * Lanes, add);
        Store(a3, to + 3 * Lanes, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> numbers, float* to, bool add) => (add ? Vector512.Load(to) + numbers : numbers).Store(to);
}
