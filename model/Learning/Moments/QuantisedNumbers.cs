using System.Runtime.InteropServices;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Moments;

/// <summary>
/// Numbers in a byte each: one of the two levels next to it, nearly always the nearest of 256, times the largest magnitude of its block. Levels are the dynamic ones of arXiv 2110.02861,
/// closer together towards zero: seven decades of them.
/// </summary>
internal sealed class QuantisedNumbers : IDisposable
{
    private const long Block = 256;

    /// <summary>Of a block's scale: squares of its levels are normal numbers then, which their roots can be had from.</summary>
    private const double Least = 1e-12;

    private static readonly byte[] SignedCodes = Codes(Levels(signed: true));
    private static readonly byte[] UnsignedCodes = Codes(Levels(signed: false));

    private readonly Tensor _codes_N;
    private readonly Tensor _scales_B;
    private readonly Tensor _levels_256;
    private readonly Tensor _borders_255;
    /// <summary>Of <see cref="Codes"/>, on a CPU.</summary>
    private readonly byte[]? _codes_65536;

    /// <param name="signed">Whether there are negative ones.</param>
    public QuantisedNumbers(long count, bool signed, Device device)
    {
        using var scope = NewDisposeScope();
        Count = count;
        var levels = Levels(signed);
        _levels_256 = tensor(levels, device: device).DetachFromDisposeScope();
        _borders_255 = tensor(levels.Zip(levels.Skip(1), (low, high) => (low + high) / 2).ToArray(), device: device).DetachFromDisposeScope();
        if (device.type == DeviceType.CPU) _codes_65536 = signed ? SignedCodes : UnsignedCodes;
        _codes_N = HeldNumbers.Filled(count, Array.IndexOf(levels, 0f), ScalarType.Byte, device).DetachFromDisposeScope();
        _scales_B = zeros((count + Block - 1) / Block, device: device).DetachFromDisposeScope();
    }

    public long Count { get; }

    /// <summary>Bytes that they take.</summary>
    public long Bytes => _codes_N.numel() + sizeof(float) * _scales_B.numel();

    /// <summary>Float32 numbers, owned by the current scope.</summary>
    /// <param name="first">A multiple of the block.</param>
    public Tensor Read(long first, long count)
    {
        using var scope = NewDisposeScope();
        var levels_N = _levels_256.index_select(0, _codes_N.narrow(0, first, count).to(ScalarType.Int32));
        return Blocks(levels_N).mul_(Scales(first, count).unsqueeze(1)).view(-1).narrow(0, 0, count).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Replaces as many numbers as are given. Not finite ones leave the block undefined.</summary>
    public void Write(long first, Tensor numbers_N)
    {
        using var scope = NewDisposeScope();
        var count = numbers_N.numel();
        var blocks_BK = Blocks(numbers_N);
        var scales_B = blocks_BK.abs().amax([1]);
        using var least = Least.ToScalar();
        scales_B.masked_fill_(scales_B.lt(least), least);
        Encode((blocks_BK / scales_B.unsqueeze(1)).view(-1).narrow(0, 0, count), _codes_N.narrow(0, first, count));
        Scales(first, count).copy_(scales_B);
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _codes_N, _scales_B, _levels_256, _borders_255 }) tensor.Dispose();
    }

    private void Encode(Tensor ratios_N, Tensor codes_N)
    {
        if (_codes_65536 is null)
        {
            codes_N.copy_(bucketize(ratios_N, _borders_255, outInt32: true));
            return;
        }

        var ratios = MemoryMarshal.Cast<byte, uint>(ratios_N.bytes);
        var codes = codes_N.bytes;
        for (var i = 0; i < codes.Length; i++) codes[i] = _codes_65536[ratios[i] >> 16];
    }

    private Tensor Scales(long first, long count) => _scales_B.narrow(0, first / Block, (count + Block - 1) / Block);

    /// <summary>Rows of a block each, the last one filled up with zeros.</summary>
    private static Tensor Blocks(Tensor numbers_N)
    {
        var missing = (Block - numbers_N.numel() % Block) % Block;
        return (missing == 0 ? numbers_N : cat([numbers_N, zeros(missing, device: numbers_N.device)])).view(-1, Block);
    }

    /// <summary>
    /// For the upper half of every float32 number, the level nearest to the middle of those that have it: a look into a table, where a search among 255 borders takes
    /// a core ten times as long. Numbers of one upper half lie closer than any two levels, so that every level is its own.
    /// </summary>
    private static byte[] Codes(float[] levels)
    {
        var codes = new byte[1 << 16];
        for (var half = 0; half < codes.Length; half++)
        {
            var middle = BitConverter.Int32BitsToSingle((half << 16) | 0x8000);
            var above = Array.BinarySearch(levels, middle);
            if (above < 0) above = ~above;
            codes[half] = (byte)(above == levels.Length || (above > 0 && middle - levels[above - 1] < levels[above] - middle) ? above - 1 : above);
        }

        return codes;
    }

    /// <summary>
    /// Ascending: 0, 1 and in each decade below it twice as many levels as in the one before, evenly spaced. Signed ones have -1 in place of the smallest negative
    /// level, so that the largest magnitude of a block is exact whatever its sign.
    /// </summary>
    private static float[] Levels(bool signed)
    {
        const int decades = 7;
        var positive = new List<double>();
        for (var decade = 0; decade < decades; decade++)
        {
            var count = 1 << (signed ? decade : decade + 1);
            var width = 0.9 / count;
            positive.AddRange(Enumerable.Range(0, count).Select(level => Math.Pow(10, decade - decades + 1) * (0.1 + width * (level + 0.5))));
        }

        var negative = signed ? positive.Skip(1).Select(level => -level).Append(-1) : [];
        return [.. positive.Concat(negative).Append(0).Append(1).Order().Select(level => (float)level)];
    }
}
