namespace KnapsackCloud.Core.Rollout;

/// <summary>
/// Counter-based generator: the n-th draw is a pure function of seed and n (SplitMix64, Steele et al. 2014), so any
/// draw can be made again without those before it.
/// </summary>
public struct CounterRandom(ulong seed)
{
    private ulong _counter;

    /// <summary>Draw number <paramref name="counter"/>, uniform in [0, 1).</summary>
    public static double UniformAt(ulong seed, ulong counter) => (Mix(Mix(seed) + counter) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Next draw, uniform in [0, 1).</summary>
    public double NextDouble() => UniformAt(seed, _counter++);

    /// <summary>Next draw, uniform in [0, <paramref name="exclusive"/>).</summary>
    public long Next(long exclusive) => (long)(NextDouble() * exclusive);

    /// <summary>An index with a chance in proportion to its weight; one draw.</summary>
    /// <param name="weights">0 or more, not all 0.</param>
    public int NextIndex(IReadOnlyList<double> weights)
    {
        var left = NextDouble() * weights.Sum();
        for (var i = 0; i < weights.Count - 1; i++)
        {
            left -= weights[i];
            if (left < 0) return i;
        }

        return weights.Count - 1;
    }

    /// <summary>Fisher-Yates.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
