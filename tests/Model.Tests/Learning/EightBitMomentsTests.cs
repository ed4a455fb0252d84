using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Moments;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class EightBitMomentsTests
{
    /// <summary>Half of the widest gap between levels, 0.9 / 64 in the highest decade of signed numbers, and half of what numbers of one upper half differ by.</summary>
    private const double HalfGap = 0.9 / 64 / 2 + 1.0 / 512;

    [Fact]
    public void Numbers_come_back_within_half_a_gap_and_the_largest_of_a_block_exactly() =>
        Gen.Select(Gen.Int[1, 3_000], Gen.Bool, Gen.Int[-30, 10], Gen.ULong).Sample((count, signed, magnitude, seed) =>
        {
            using var scope = NewDisposeScope();
            var numbers = Numbers(count, signed, magnitude, seed);
            using var kept = new QuantisedNumbers(count, signed, CPU);
            kept.Write(0, tensor(numbers));
            var read = kept.Read(0, count).data<float>().ToArray();
            foreach (var block in numbers.Zip(read).Chunk(256))
            {
                var largest = block.MaxBy(pair => Math.Abs(pair.First));
                if (Math.Abs(largest.First) >= 1e-12) Assert.Equal(largest.First, largest.Second);
                Assert.All(block, pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Math.Max(1e-12, Math.Abs(largest.First)) * (HalfGap + 1e-6)));
                // Small numbers are kept relative to themselves, down to five decades below the largest.
                Assert.All(block.Where(pair => Math.Abs(pair.First) > 1e-5 * Math.Max(1e-12, Math.Abs(largest.First))), pair => Assert.InRange(pair.Second / pair.First, 0.5, 1.5));
            }
        }, iter: 200, threads: 1);

    [Fact]
    public void What_is_read_and_kept_again_is_the_same_to_the_bit()
    {
        Gen.Select(Gen.Int[1, 3], Gen.Int[-30, 10], Gen.ULong).Sample((rows, magnitude, seed) =>
        {
            using var scope = NewDisposeScope();
            var weight = zeros(rows, 5_000);
            using var moments = new EightBitMoments([weight]);
            foreach (var piece in moments.Pieces([0]))
            {
                piece.Means[0].copy_(tensor(Numbers(rows * 5_000, true, magnitude, seed)));
                piece.Squares[0].copy_(tensor(Numbers(rows * 5_000, false, magnitude, seed + 1)).Squared());
            }

            using var again = new EightBitMoments([weight]);
            var (means, squares) = moments.Of(0);
            again.Keep(0, means, squares);
            Assert.Equal(means.data<float>().ToArray(), again.Of(0).Means.data<float>().ToArray());
            Assert.Equal(squares.data<float>().ToArray(), again.Of(0).Squares.data<float>().ToArray());
        }, iter: 100, threads: 1);
    }

    [Theory]
    [InlineData(OptimiserStates.Full)]
    [InlineData(OptimiserStates.EightBit)]
    [InlineData(OptimiserStates.Host)]
    public void Moments_of_small_and_large_weights_are_replaced_each_by_its_own(string states)
    {
        using var scope = NewDisposeScope();
        Tensor[] weights = [zeros(10), zeros(90, 50)];
        using var optimiser = new AdamW(weights, states);
        for (var round = 1; round <= 2; round++)
        {
            foreach (var (number, weight) in weights.Index()) optimiser.Moments.Keep(number, ones_like(weight).Times(round), ones_like(weight).Times(round * round));
            foreach (var (number, weight) in weights.Index())
            {
                var (means, squares) = optimiser.Moments.Of(number);
                Assert.Equal(weight.shape, means.shape);
                Assert.All(means.data<float>(), mean => Assert.Equal(round, mean));
                Assert.All(squares.data<float>(), square => Assert.Equal(round * round, square));
            }
        }
    }

    [Fact]
    public void Updates_lead_where_those_in_single_precision_lead()
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config with { IntermediateSize = 160, VocabSize = 200 };
        using var start = DecoderModel.Random(config, seed: 3);
        using var exact = start.As(ScalarType.Float32);
        using var rounded = start.As(ScalarType.Float32);
        using var exactly = new AdamW(exact);
        using var roundly = new AdamW(rounded, OptimiserStates.EightBit);
        using var gradients = new ParameterBuffer(start.Parameters);
        var settings = new OptimiserSettings(0.9, 0.95, 0.1, GradientNorm: 1);
        manual_seed(5);
        var drift_W = randn(gradients.Flat_W.shape);
        for (var update = 0; update < 60; update++)
        {
            gradients.Flat_W.copy_(randn(gradients.Flat_W.shape).Plus(drift_W));
            gradients.Flat_W.Scale(1e-3);
            exactly.Update(gradients, 1e-3, settings);
            roundly.Update(gradients, 1e-3, settings);
        }

        foreach (var ((before, expected), actual) in start.Parameters.Zip(exact.Parameters).Zip(rounded.Parameters))
            Assert.InRange((actual - expected).norm().item<float>() / (expected - before).norm().item<float>(), expected.numel() < 4_096 ? 0 : 1e-6, expected.numel() < 4_096 ? 0 : 0.02);
    }

    [Fact]
    public void A_number_takes_a_byte_and_a_64th()
    {
        using var kept = new QuantisedNumbers(1 << 16, signed: true, CPU);
        Assert.Equal((1 << 16) * (1 + 4.0 / 256), kept.Bytes);
    }

    /// <summary>Normal ones of any magnitude, one in three much smaller, some zero.</summary>
    private static float[] Numbers(int count, bool signed, int magnitude, ulong seed)
    {
        var random = new Random((int)seed);
        return [.. Enumerable.Range(0, count).Select(i => random.Next(20) == 0 ? 0 : Number(i))];

        float Number(int i)
        {
            var number = (float)((random.NextDouble() - 0.5) * Math.Pow(10, magnitude - (i % 3 == 0 ? random.Next(8) : 0)));
            return signed ? number : Math.Abs(number);
        }
    }
}
