namespace KnapsackCloud.Core.Plan;

internal static class Selection
{
    /// <summary>
    /// Moves the first values of the order to the front, as many as fit the capacity, without sorting them or the others:
    /// expected linear time (Hoare's quickselect, by weight).
    /// </summary>
    /// <param name="compare">A total order: no two values are equal.</param>
    /// <returns>How many fit.</returns>
    public static int Prefix(Span<int> values, Int128 capacity, Func<int, long> weight, Comparison<int> compare)
    {
        int first = 0, last = values.Length - 1;
        while (first < last)
        {
            var split = Partition(values, first, last, compare);
            Int128 front = 0;
            foreach (var value in values[first..(split + 1)])
                front += weight(value);
            if (front > capacity)
                last = split;
            else
                (first, capacity) = (split + 1, capacity - front);
        }

        return first == last && weight(values[first]) <= capacity ? first + 1 : first;
    }

    /// <returns>An end of the front part, before <paramref name="last"/>: nothing in it comes after anything behind it.</returns>
    private static int Partition(Span<int> values, int first, int last, Comparison<int> compare)
    {
        var pivot = Median(values[first], values[first + ((last - first) / 2)], values[last], compare);
        for (int i = first - 1, j = last + 1; ;)
        {
            while (compare(values[++i], pivot) < 0)
            {
            }

            while (compare(values[--j], pivot) > 0)
            {
            }

            if (i >= j)
                return Math.Min(j, last - 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static int Median(int a, int b, int c, Comparison<int> compare)
    {
        if (compare(a, b) > 0)
            (a, b) = (b, a);
        return compare(b, c) <= 0 ? b : compare(a, c) <= 0 ? c : a;
    }
}
