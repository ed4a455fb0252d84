using System.Numerics;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

internal static class Primes
{
    private const int LargestDivisor = 2_000;

    private static readonly int[] s_small = [.. Enumerable.Range(2, LargestDivisor - 1).Where(n => Enumerable.Range(2, (int)Math.Sqrt(n) - 1).All(d => n % d != 0))];

    /// <summary>
    /// Prime factors of a positive integer with their multiplicities. A cofactor without divisors up to 2,000 is taken
    /// for a prime, unless it is a square or a cube.
    /// </summary>
    public static IEnumerable<(BigInteger Factor, int Multiplicity)> Factor(BigInteger value, Effort effort)
    {
        foreach (var prime in s_small)
        {
            effort.Spend((int)(value.GetBitLength() / 128));
            var multiplicity = 0;
            while (!value.IsOne && BigInteger.Remainder(value, prime).IsZero)
            {
                value /= prime;
                multiplicity++;
                effort.Spend();
            }
            if (multiplicity > 0)
                yield return (prime, multiplicity);
            if (value < (long)prime * prime)
                break;
        }
        if (value.IsOne)
            yield break;
        for (var degree = 2; degree <= 3; degree++)
        {
            if (Root(value, degree) is { } root)
            {
                yield return (root, degree);
                yield break;
            }
        }
        yield return (value, 1);
    }

    /// <summary>The integer whose power of <paramref name="degree"/> is the value, or null.</summary>
    public static BigInteger? Root(BigInteger value, int degree)
    {
        if (value.GetBitLength() > 1_000)
            return null;
        // Newton from above converges to the floor of the root.
        var guess = BigInteger.One << (int)((value.GetBitLength() / degree) + 1);
        while (true)
        {
            var next = (((degree - 1) * guess) + (value / BigInteger.Pow(guess, degree - 1))) / degree;
            if (next >= guess)
                break;
            guess = next;
        }
        return BigInteger.Pow(guess, degree) == value ? guess : null;
    }
}
