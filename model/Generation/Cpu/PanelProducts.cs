namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Products with matrices that were laid out for them once: x wᵀ.</summary>
internal static unsafe class PanelProducts
{
    /// <summary>Rows are computed so many at a time: as many more may be read beyond the last one.</summary>
    public const int RowsAtOnce = 6;

    /// <summary>Longer rows are multiplied piece by piece, so that four panels stay in the second-level cache while all rows pass by.</summary>
    private const int LongestPiece = 2048;

    /// <summary>y[m, n] = x[m, :] · w[n, :] (+ y[m, n] where it adds) for all rows m of x and n in a range.</summary>
    /// <param name="x">With readable, finite numbers up to the next multiple of <see cref="RowsAtOnce"/> of rows.</param>
    /// <param name="w">As <see cref="PackedMatrix"/> has them.</param>
    /// <param name="columns">Its first is a multiple of <see cref="Panels.Columns"/>.</param>
    /// <param name="length">Of the rows of x and w.</param>
    public static void Multiply(Rows x, int rows, Panels w, (int First, int End) columns, int length, Rows y, bool add = false)
    {
        if (rows == 0) return;
        for (var start = 0; start < length; start += LongestPiece)
        {
            var piece = Math.Min(LongestPiece, length - start);
            for (var n = columns.First; n < columns.End; n += PanelTiles.Columns)
                Block(x.From(start), rows, w.From(n / Panels.Columns, start), piece, y.From(n), Math.Min(PanelTiles.Columns, columns.End - n), add || start > 0);
        }
    }

    /// <summary>64 columns, or fewer; those after them are fetched bit by bit meanwhile.</summary>
    private static void Block(Rows x, int rows, Panels w, int length, Rows y, int columns, bool add)
    {
        nint step = PanelTiles.Columns / ((rows + RowsAtOnce - 1) / RowsAtOnce);
        var near = w[PanelTiles.Columns / Panels.Columns];
        for (var m = 0; m < rows; m += RowsAtOnce, near += step * length)
        {
            var count = Math.Min(RowsAtOnce, rows - m);
            if (columns == PanelTiles.Columns && count is not (3 or 5)) Tile(x.Below(m), count, w, length, y.Below(m), add, near, step);
            else PartOfTile(x.Below(m), count, w, length, y.Below(m), columns, add, near, step);
        }
    }

    /// <summary>Results of rows and columns that are none go to memory of their own.</summary>
    private static void PartOfTile(Rows x, int count, Panels w, int length, Rows y, int columns, bool add, float* near, nint step)
    {
        var numbers = stackalloc float[RowsAtOnce * PanelTiles.Columns];
        var whole = new Rows(numbers, PanelTiles.Columns);
        for (var row = 0; row < count && add; row++) Copy(y[row], whole[row], columns);
        Tile(x, count, w, length, whole, add, near, step);
        for (var row = 0; row < count; row++) Copy(whole[row], y[row], columns);
    }

    private static void Tile(Rows x, int count, Panels w, int length, Rows y, bool add, float* near, nint step)
    {
        if (count == 1) PanelTiles.One(x, w, length, y, add);
        else if (count == 2) PanelTiles.Two(x, w, length, y, add);
        else if (count <= 4) PanelTiles.Four(x, w, length, y, add, near, step);
        else PanelTiles.Six(x, w, length, y, add, near, step);
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
