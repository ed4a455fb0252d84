using System.Runtime.Intrinsics;
using CsCheck;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static KnapsackCloud.Model.Tests.KernelNumbers;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

public class ProductTests
{
    [Fact]
    public unsafe void Products_of_rows_are_those_of_double_precision_for_any_sizes()
    {
        SkipWithoutKernels();
        Gen.Select(Gen.Int[1, 11], Gen.Int[1, 70], Gen.Int[1, 20], Gen.Int[0, 40]).Sample((rows, columns, vectors, first) =>
        {
            var length = Tiles.Lanes * vectors;
            first = Math.Min(first, columns);
            float[] x = Sines(rows * length, 1), w = Sines(columns * length, 2), y = Counted(rows * columns);
            fixed (float* atX = x, atW = w, atY = y)
                Products.Multiply(new Rows<float>(atX, length), rows, new Rows<float>(atW, length), (first, columns), length, new Rows<float>(atY, columns));
            AssertProducts(x, w, y, rows, columns, length, first, columns, add: false);
        }, iter: 200, threads: 1);
    }

    /// <summary>Lengths beyond the longest piece too, and columns that fill no panel.</summary>
    [Fact]
    public unsafe void Products_with_packed_weights_are_those_of_double_precision_for_any_sizes_whether_they_replace_or_add()
    {
        SkipWithoutKernels();
        Gen.Select(Gen.Int[1, 15], Gen.Int[1, 150], Gen.OneOf(Gen.Int[1, 90], Gen.Int[2_040, 2_060]), Gen.Bool, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 150])).Sample((rows, columns, length, add, part) =>
        {
            using var scope = NewDisposeScope();
            var first = Math.Min(part.Item1 * Panels.Columns, columns / Panels.Columns * Panels.Columns);
            var end = Math.Clamp(part.Item2, first, columns);
            float[] x = Sines((rows + PanelProducts.RowsAtOnce) * length, 1), w = Sines(columns * length, 2), y = Counted(rows * columns);
            using var packed = new PackedMatrix(tensor(w, columns, length));
            fixed (float* atX = x, atY = y)
                PanelProducts.Multiply(new Rows<float>(atX, length), rows, packed.Of<float>(), (first, end), length, new Rows<float>(atY, columns), null, add);
            AssertProducts(x, w, y, rows, columns, length, first, end, add);
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void Exponentials_are_within_two_units_of_the_last_place_and_nothing_of_minus_infinity()
    {
        for (var x = -87.3; x < 88.3; x += 0.00731)
        {
            var expected = Math.Exp((float)x);
            Assert.InRange(Exponential.Of(Vector512.Create((float)x)).ToScalar() / expected, 1 - 2.4e-7, 1 + 2.4e-7);
        }

        Assert.Equal(1, Exponential.Of(Vector512<float>.Zero).ToScalar());
        Assert.Equal(0, Exponential.Of(Vector512.Create(float.NegativeInfinity)).ToScalar());
        Assert.Equal(0, Exponential.Of(Vector512.Create(-88f)).ToScalar());
        Assert.True(float.IsFinite(Exponential.Of(Vector512.Create(float.PositiveInfinity)).ToScalar()));
    }

    /// <summary>What is outside the range stays as it was.</summary>
    private static void AssertProducts(float[] x, float[] w, float[] y, int rows, int columns, int length, int first, int end, bool add)
    {
        for (var m = 0; m < rows; m++)
        {
            for (var n = 0; n < columns; n++)
            {
                var within = n >= first && n < end;
                double expected = !within || add ? m * columns + n : 0;
                for (var k = 0; within && k < length; k++) expected += (double)x[m * length + k] * w[n * length + k];
                Assert.Equal(expected, y[m * columns + n], 3e-3 + 5e-6 * Math.Abs(expected));
            }
        }
    }

    private static float[] Counted(int count)
    {
        var numbers = Sines(count, 0);
        for (var i = 0; i < count; i++) numbers[i] = i;
        return numbers;
    }
}
