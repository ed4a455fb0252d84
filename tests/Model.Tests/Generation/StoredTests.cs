using CsCheck;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Generation.Cpu;
using static KnapsackCloud.Model.Tests.KernelNumbers;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

/// <summary>bfloat16 as the kernels have it, beside the same numbers as floats.</summary>
public unsafe class StoredTests
{
    [Theory]
    [InlineData(GenerationPrecision.Auto, 112, ScalarType.Float32)]
    [InlineData(GenerationPrecision.Auto, 128, ScalarType.BFloat16)]
    [InlineData(GenerationPrecision.Auto, 136, ScalarType.Float32)]
    [InlineData(GenerationPrecision.F32, 128, ScalarType.Float32)]
    [InlineData(GenerationPrecision.BF16, 112, ScalarType.BFloat16)]
    public void It_is_the_default_from_a_hidden_size_of_128_up_where_the_kernels_decode(GenerationPrecision asked, int hidden, ScalarType expected)
    {
        SkipWithoutKernels();
        var config = TestModels.Config with { HiddenSize = hidden, IntermediateSize = 64, HeadDim = 16 };
        Assert.Equal(expected, new EngineOptions { Precision = asked }.WeightType(config));
    }

    [Fact]
    public void Numbers_are_rounded_as_the_tensor_library_rounds_them_and_read_again_exactly()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        // All sixteen-bit patterns above halves, one below and one above: finite numbers only.
        var numbers = new float[3 * 65_536];
        for (var i = 0; i < numbers.Length; i++)
        {
            var number = BitConverter.UInt32BitsToSingle(((uint)(i / 3) << 16) + 0x7FFF + (uint)(i % 3));
            numbers[i] = float.IsFinite(number) ? number : 1;
        }

        var read = new float[numbers.Length];
        fixed (float* from = numbers, to = read)
        fixed (BFloat16* stored = new BFloat16[numbers.Length])
        {
            Stored.Store(from, stored, numbers.Length);
            Stored.Read(stored, to, numbers.Length);
        }

        Assert.Equal(tensor(numbers).to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>().ToArray(), read);
    }

    [Fact]
    public void Products_with_packed_weights_are_to_the_last_bit_those_with_the_same_weights_as_floats()
    {
        SkipWithoutKernels();
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 150], Gen.OneOf(Gen.Int[1, 90], Gen.Int[2_040, 2_060]), Gen.Bool).Sample((rows, columns, length, add) =>
        {
            using var scope = NewDisposeScope();
            using var weights = tensor(Sines(columns * length, 2), columns, length).to(ScalarType.BFloat16);
            using PackedMatrix packed = new(weights), floats = new(weights.to(ScalarType.Float32));
            float[] expected = Sines(rows * columns, 3), actual = Sines(rows * columns, 3);
            fixed (float* x = Sines((rows + PanelProducts.RowsAtOnce) * length, 1), near = new float[PanelProducts.NearSize<BFloat16>(length)], byFloats = expected, byPacked = actual)
            {
                PanelProducts.Multiply(new Rows<float>(x, length), rows, floats.Of<float>(), (0, columns), length, new Rows<float>(byFloats, columns), null, add);
                PanelProducts.Multiply(new Rows<float>(x, length), rows, packed.Of<BFloat16>(), (0, columns), length, new Rows<float>(byPacked, columns), near, add);
            }

            Assert.Equal(expected, actual);
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void Attention_to_cached_numbers_is_to_the_last_bit_that_to_the_same_numbers_as_floats()
    {
        SkipWithoutKernels();
        Gen.Select(Gen.Int[1, 11], Gen.Int[1, 200], Gen.Int[1, 9]).Sample((queries, slots, vectors) =>
        {
            var (size, whole) = (Tiles.Lanes * vectors, Attention.RoundedUp(slots));
            fixed (float* floats = Sines(whole * size, 4))
            fixed (BFloat16* stored = new BFloat16[whole * size])
            {
                Stored.Store(floats, stored, whole * size);
                Stored.Read(stored, floats, whole * size);
                Assert.Equal(Attend(floats, queries, slots, size), Attend(stored, queries, slots, size));
            }
        }, iter: 100, threads: 1);
    }

    /// <summary>The same numbers are keys and values.</summary>
    private static float[] Attend<T>(T* cached, int queries, int slots, int size) where T : unmanaged
    {
        var whole = Attention.RoundedUp(slots);
        var results = new float[queries * size];
        fixed (float* query = Sines(queries * size, 5), scores = new float[queries * whole], sums = new float[queries * 4 * size], to = results)
        {
            var attention = new Attention(size, new Rows<float>(query, size), new Rows<float>(scores, whole), new Rows<float>(sums, 4 * size));
            attention.Score(0, queries, cached, (0, whole));
            var totals = Enumerable.Range(0, queries).Select(number => attention.Softmax(number, slots, slots)).ToArray();
            attention.Mix(0, queries, cached, (0, slots));
            for (var number = 0; number < queries; number++) attention.Finish(number, totals[number], to + number * size);
        }

        return results;
    }
}
