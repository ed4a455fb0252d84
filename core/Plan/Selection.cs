namespace KnapsackCloud.Core.Plan;

internal static class Selection
{
    /// <summary>Moves the <paramref name="wanted"/> smallest to the front, in no order; expected linear time (Hoare's quickselect).</summary>
    public static void Smallest(Span<int> values, int wanted, Comparison<int> compare)
    {
        int first = 0, last = values.Length - 1;
        while (first < last && wanted > first && wanted <= last)
        {
            var pivot = MedianOfThree(values, first, last, compare);
            int i = first, j = last;
            while (i <= j)
            {
                while (compare(values[i], pivot) < 0)
                    i++;
                while (compare(values[j], pivot) > 0)
                    j--;
                if (i > j)
                    break;
                (values[i], values[j]) = (values[j], values[i]);
                (i, j) = (i + 1, j - 1);
            }

            if (wanted <= j)
                last = j;
            else if (wanted > i)
                first = i;
            else
                return;
        }
    }

    private static int MedianOfThree(Span<int> values, int first, int last, Comparison<int> compare)
    {
        int a = values[first], b = values[first + ((last - first) / 2)], c = values[last];
        if (compare(a, b) > 0)
            (a, b) = (b, a);
        if (compare(b, c) <= 0)
            return b;
        return compare(a, c) <= 0 ? c : a;
    }
}
