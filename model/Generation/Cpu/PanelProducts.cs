namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Products with matrices that were laid out for them once: x wᵀ.</summary>
internal static unsafe class PanelProducts
{
    /// <summary>Rows are computed so many at a time: as many more may be read beyond the last one.</summary>
    public const int RowsAtOnce = 6;

    /// <summary>Longer rows are multiplied piece by piece, so that four panels stay in the second-level cache while all rows pass by.</summary>
    private const int LongestPiece = 2048;

    /// <summary>From so many rows on, weights that are not float are made so once for all of them.</summary>
    private const int RowsToReadFor = 2 * RowsAtOnce;

    /// <summary>y[m, n] = x[m, :] · w[n, :] (+ y[m, n] where it adds) for all rows m of x and n in a range.</summary>
    /// <param name="x">With readable, finite numbers up to the next multiple of <see cref="RowsAtOnce"/> of rows.</param>
    /// <param name="w">As <see cref="PackedMatrix"/> has them.</param>
    /// <param name="columns">Its first is a multiple of <see cref="Panels.Columns"/>.</param>
    /// <param name="length">Of the rows of x and w.</param>
    /// <param name="near">Memory for <see cref="NearSize"/> numbers, of which nothing is kept.</param>
    public static void Multiply<T>(Rows<float> x, int rows, Panels<T> w, (int First, int End) columns, int length, Rows<float> y, float* near, bool add = false) where T : unmanaged
    {
        if (rows == 0) return;
        for (var start = 0; start < length; start += LongestPiece)
        {
            var piece = Math.Min(LongestPiece, length - start);
            for (var n = columns.First; n < columns.End; n += PanelTiles.Columns)
                Block(x.From(start), rows, w.From(n / Panels.Columns, start), piece, y.From(n), Math.Min(PanelTiles.Columns, columns.End - n), near, add || start > 0);
        }
    }

    /// <summary>Numbers of the memory that products of this length need.</summary>
    public static int NearSize<T>(int length) where T : unmanaged => typeof(T) == typeof(float) ? 0 : Math.Min(length, LongestPiece) * PanelTiles.Columns;

    /// <summary>64 columns, or fewer; those after them are fetched bit by bit meanwhile.</summary>
    private static void Block<T>(Rows<float> x, int rows, Panels<T> w, int length, Rows<float> y, int columns, float* near, bool add) where T : unmanaged
    {
        var next = (byte*)w[PanelTiles.Columns / Panels.Columns];
        if (typeof(T) == typeof(float) || rows < RowsToReadFor)
        {
            AllRows(x, rows, w, length, y, columns, add, next, sizeof(T));
            return;
        }

        for (var panel = 0; panel < PanelTiles.Columns / Panels.Columns; panel++) Stored.Read(w[panel], near + (nint)panel * length * Panels.Columns, length * Panels.Columns);
        AllRows(x, rows, new Panels<float>(near, (nint)length * Panels.Columns), length, y, columns, add, next, sizeof(T));
    }

    private static void AllRows<T>(Rows<float> x, int rows, Panels<T> w, int length, Rows<float> y, int columns, bool add, byte* next, int size) where T : unmanaged
    {
        nint step = PanelTiles.Columns * size / ((rows + RowsAtOnce - 1) / RowsAtOnce);
        for (var m = 0; m < rows; m += RowsAtOnce, next += step * length)
        {
            var count = Math.Min(RowsAtOnce, rows - m);
            if (columns == PanelTiles.Columns && count is not (3 or 5)) Tile(x.Below(m), count, w, length, y.Below(m), add, next, step);
            else PartOfTile(x.Below(m), count, w, length, y.Below(m), columns, add, next, step);
        }
    }

    /// <summary>Results of rows and columns that are none go to memory of their own.</summary>
    private static void PartOfTile<T>(Rows<float> x, int count, Panels<T> w, int length, Rows<float> y, int columns, bool add, byte* next, nint step) where T : unmanaged
    {
        var numbers = stackalloc float[RowsAtOnce * PanelTiles.Columns];
        var whole = new Rows<float>(numbers, PanelTiles.Columns);
        for (var row = 0; row < count && add; row++) RowOperations.Copy(y[row], whole[row], columns);
        Tile(x, count, w, length, whole, add, next, step);
        for (var row = 0; row < count; row++) RowOperations.Copy(whole[row], y[row], columns);
    }

    private static void Tile<T>(Rows<float> x, int count, Panels<T> w, int length, Rows<float> y, bool add, byte* next, nint step) where T : unmanaged
    {
        if (count == 1) PanelTiles.One(x, w, length, y, add);
        else if (count == 2) PanelTiles.Two(x, w, length, y, add);
        else if (count <= 4) PanelTiles.Four(x, w, length, y, add, next, step);
        else PanelTiles.Six(x, w, length, y, add, next, step);
    }
}
