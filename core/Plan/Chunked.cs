namespace KnapsackCloud.Core.Plan;

/// <summary>Loops over tasks on all cores where there are enough of them to pay; chunks are fixed, so results do not depend on the cores.</summary>
internal static class Chunked
{
    private const int Size = 16_384;

    /// <summary>Runs <paramref name="body"/> (first, end) over [0, count) in chunks, in any order.</summary>
    public static void For(int count, Action<int, int> body)
    {
        var chunks = (count + Size - 1) / Size;
        if (chunks <= 1)
            body(0, count);
        else
            Parallel.For(0, chunks, chunk => body(chunk * Size, Math.Min(count, (chunk + 1) * Size)));
    }

    /// <summary>Sum of <paramref name="body"/> over the chunks.</summary>
    public static Int128 Sum(int count, Func<int, int, Int128> body)
    {
        var chunks = (count + Size - 1) / Size;
        if (chunks <= 1)
            return body(0, count);
        var sums = new Int128[chunks];
        Parallel.For(0, chunks, chunk => sums[chunk] = body(chunk * Size, Math.Min(count, (chunk + 1) * Size)));
        return sums.Aggregate((Int128)0, (total, sum) => total + sum);
    }
}
