using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Model.Tests;

/// <summary>Damage to files.</summary>
internal static class Mutations
{
    /// <summary>One to three of: a changed bit, a byte that JSON gives meaning, a cut, a repeated piece, a digit made large.</summary>
    public static byte[] Of(byte[] seed, ref CounterRandom random)
    {
        var bytes = seed.ToList();
        for (var n = random.Next(3); n >= 0; n--)
        {
            var at = (int)random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << (int)random.Next(8)); break;
                case 1: bytes[at] = (byte)"{}[]\",:0129-.eE\\"[(int)random.Next(16)]; break;
                case 2: bytes.RemoveRange(at, (int)random.Next(bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, (int)random.Next(bytes.Count - at))); break;
                default: bytes.InsertRange(at, "99999999"u8[..(int)random.Next(8)].ToArray()); break;
            }

            if (bytes.Count == 0) return [];
        }

        return [.. bytes];
    }
}
