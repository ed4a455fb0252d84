using CsCheck;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static KnapsackCloud.Model.Tests.KernelNumbers;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

public class CpuDecoderTests
{
    /// <summary>Rows of up to three prompts, in any order, which have come any way beyond them.</summary>
    private static readonly Gen<DecodeRow[]> Batches = Gen.Select(Gen.Int[0, 40].Array[3], Gen.Select(Gen.Int[0, 2], Gen.Int[0, 20]).Array[1, 19]).Select((lengths, rows) =>
        rows.Select(row => new DecodeRow(row.Item2, lengths[row.Item1] + row.Item2, row.Item1, lengths[row.Item1])).ToArray());

    /// <summary>The library computes in single precision; the kernels too, but for what they keep: of bfloat16, new keys and values are rounded.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.BFloat16, 0.03)]
    public void It_computes_what_the_tensor_library_computes_for_any_model_lengths_and_threads(ScalarType precision, double within)
    {
        SkipWithoutKernels();
        Gen.Select(TestModels.ConfigsOfWholeVectors, Batches, Gen.Int[1, 3], Gen.ULong).Sample((config, rows, threads, seed) =>
        {
            using var scope = NewDisposeScope();
            using var inference = inference_mode();
            using var drawn = TestModels.Disturbed(config, seed);
            using DecoderModel kept = drawn.As(precision), model = kept.As(ScalarType.Float32);
            Assert.True(CpuKernels.Support(kept));
            using KeyValueCache ours = Filled(config, rows, seed, precision), theirs = new(config, rows.Length, (int)ours.Keys_LRKSD.shape[3], ScalarType.Float32);
            // Not drawn again: the library's generator is everybody's, and other tests draw meanwhile.
            theirs.Keys_LRKSD.copy_(ours.Keys_LRKSD);
            theirs.Values_LRKSD.copy_(ours.Values_LRKSD);
            using var decoder = CpuKernels.Decoder(kept, ours, threads);
            using var peer = new TorchDecoder(model, [.. model.Parameters], theirs, prefillTokens: 100);
            for (var step = 0; step < 3; step++)
            {
                var reached = At(rows, config, step);
                AssertClose(peer.Decode(reached), decoder.Decode(reached), within);
            }

            AssertClose(theirs.Keys_LRKSD, ours.Keys_LRKSD, within);
            AssertClose(theirs.Values_LRKSD, ours.Values_LRKSD, within);
        }, iter: 60, threads: 1);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void A_rows_logits_are_the_same_to_the_last_bit_alone_and_beside_any_others(ScalarType precision)
    {
        SkipWithoutKernels();
        Gen.Select(TestModels.ConfigsOfWholeVectors, Batches, Gen.Int[1, 3], Gen.ULong).Sample((config, rows, threads, seed) =>
        {
            using var scope = NewDisposeScope();
            using var inference = inference_mode();
            using var drawn = TestModels.Disturbed(config, seed);
            using var model = drawn.As(precision);
            rows = At(rows, config, step: 0);
            using var cache = Filled(config, rows, seed, precision);
            using var decoder = CpuKernels.Decoder(model, cache, threads);
            var together = decoder.Decode(rows).clone();
            for (var row = 0; row < rows.Length; row++)
            {
                using var alone = Row(cache, config, row);
                using var single = CpuKernels.Decoder(model, alone, threads: 1);
                Assert.True(single.Decode([rows[row]])[0].equal(together[row]).all().item<bool>());
            }
        }, iter: 25, threads: 1);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.BFloat16, 0.03)]
    public void Prompts_are_computed_as_the_tensor_library_computes_them_and_to_the_last_bit_alike_beside_any_others(ScalarType precision, double within)
    {
        SkipWithoutKernels();
        Gen.Select(TestModels.ConfigsOfWholeVectors, Gen.Select(Gen.Int[1, 130], Gen.Int[1, 3]).Array[1, 5], Gen.Int[1, 3], Gen.ULong).Sample((config, drawn, threads, seed) =>
        {
            using var scope = NewDisposeScope();
            using var inference = inference_mode();
            config = config with { MaxPositionEmbeddings = 160 };
            using var disturbed = TestModels.Disturbed(config, seed);
            using DecoderModel kept = disturbed.As(precision), model = kept.As(ScalarType.Float32);
            var rows = 1 + drawn.Sum(one => one.Item2);
            // A prompt's rows need not be neighbours: those from the end on, last one first.
            var places = new Stack<int>(Enumerable.Range(1, rows - 1));
            PlacedPrompt[] prompts = [.. drawn.OrderBy(one => one.Item1).Select(one => new PlacedPrompt(
                [.. Enumerable.Range(1, one.Item1).Select(i => i * i % config.VocabSize)], [.. Enumerable.Range(0, one.Item2).Select(_ => places.Pop())]))];
            var slots = prompts[^1].TokenIds.Count + 2;
            using KeyValueCache ours = new(config, rows, slots, precision), theirs = new(config, rows, slots, ScalarType.Float32);
            using var decoder = CpuKernels.Decoder(kept, ours, threads);
            using var peer = new TorchDecoder(model, [.. model.Parameters], theirs, prefillTokens: 100);

            var together = decoder.Prefill(prompts, default).clone();

            AssertClose(peer.Prefill(prompts, default), together, within);
            foreach (var (at, prompt) in prompts.Index())
            {
                foreach (var row in prompt.Rows)
                {
                    AssertClose(Written(theirs.Keys_LRKSD, row), Written(ours.Keys_LRKSD, row), within);
                    AssertClose(Written(theirs.Values_LRKSD, row), Written(ours.Values_LRKSD, row), within);
                }

                using var alone = new KeyValueCache(config, 1, slots + 7, precision);
                using var single = CpuKernels.Decoder(kept, alone, threads: 1);
                Assert.True(single.Prefill([prompt with { Rows = [0] }], default)[0].equal(together[at]).all().item<bool>());
                Assert.True(Written(alone.Keys_LRKSD, 0).equal(Written(ours.Keys_LRKSD, prompt.Rows[^1])).all().item<bool>());

                Tensor Written(Tensor cache, int row) => cache.select(1, row).narrow(2, 0, prompt.TokenIds.Count);
            }
        }, iter: 30, threads: 1);
    }

    [Fact]
    public void A_teams_parts_are_all_of_it_in_whole_blocks_and_a_stage_sees_what_the_last_one_did() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 100], Gen.Int[1, 16]).Sample((size, count, block) =>
        {
            using var team = new ThreadTeam(size);
            var done = new int[count];
            var seen = new int[size];
            for (var run = 0; run < 3; run++)
            {
                team.Run(member =>
                {
                    var (first, end) = team.Part(member, count, block);
                    Assert.Equal(0, first % block);
                    for (var i = first; i < end; i++) done[i]++;
                    team.Meet();
                    seen[member] = done.Sum();
                });
                Assert.All(seen, sum => Assert.Equal(count * (run + 1), sum));
            }
        }, iter: 100, threads: 1);

    [Fact]
    public void What_a_member_of_a_team_throws_is_thrown_when_all_are_done_and_the_team_works_on()
    {
        using var team = new ThreadTeam(3);
        var done = 0;
        var thrown = Assert.Throws<InvalidOperationException>(() => team.Run(member =>
        {
            if (member == 2) throw new InvalidOperationException("of the last member");
            Interlocked.Increment(ref done);
        }));
        Assert.Equal(("of the last member", 2), (thrown.Message, done));

        team.Run(_ => Interlocked.Increment(ref done));
        Assert.Equal(5, done);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void Members_of_a_team_do_not_wait_at_a_stage_for_one_that_has_thrown(int thrower, int stage)
    {
        using var team = new ThreadTeam(3);
        var passed = 0;
        for (var run = 1; run <= 20; run++)
        {
            var thrown = Assert.Throws<InvalidOperationException>(() => team.Run(member =>
            {
                for (var s = 0; s < 3; s++)
                {
                    if (member == thrower && s == stage) throw new InvalidOperationException("memory is full");
                    team.Meet();
                    Interlocked.Increment(ref passed);
                }
            }));
            Assert.Equal(("memory is full", 3 * stage * run), (thrown.Message, passed));
        }

        var stages = new int[3];
        team.Run(member =>
        {
            stages[member] = member + 1;
            team.Meet();
            Interlocked.Add(ref passed, stages.Sum());
        });
        Assert.Equal(3 * stage * 20 + 18, passed);
    }

    [Theory]
    [InlineData(8, 32, ScalarType.Float32)]
    [InlineData(16, 24, ScalarType.Float32)]
    [InlineData(16, 32, ScalarType.Float16)]
    public void Other_sizes_and_precisions_are_left_to_the_tensor_library(int headDim, int hidden, ScalarType precision)
    {
        using var model = DecoderModel.Random(TestModels.Config with { HeadDim = headDim, HiddenSize = hidden }, 1);
        using var rounded = model.As(precision);
        Assert.False(CpuKernels.Support(rounded));
    }

    [Fact]
    public void A_model_that_memory_does_not_hold_twice_is_left_to_the_tensor_library()
    {
        SkipWithoutKernels();
        using var model = DecoderModel.Random(TestModels.Config with { HeadDim = 16, HiddenSize = 32, IntermediateSize = 48 }, 1);
        var bytes = model.Parameters.Sum(parameter => parameter.numel()) * sizeof(float);
        Assert.True(CpuKernels.Support(model, memoryBytes: 2 * bytes));
        Assert.False(CpuKernels.Support(model, memoryBytes: 2 * bytes - 1));
    }

    [Fact]
    public void Weights_that_were_trained_since_are_packed_again()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        DecodeRow[] rows = [new(3, 5, 0, 5)];
        using var model = DecoderModel.Random(TestModels.Config with { HeadDim = 16, HiddenSize = 32, IntermediateSize = 48 }, 1);
        var before = Logits();
        model.Head_VxD.Scale(2);
        model.WeightsChanged();
        AssertClose(before.Times(2), Logits());

        Tensor Logits()
        {
            using var cache = Filled(model.Config, rows, 1);
            using var decoder = CpuKernels.Decoder(model, cache, 1);
            return decoder.Decode(rows).clone();
        }
    }

    private static DecodeRow[] At(DecodeRow[] rows, ModelConfig config, int step) =>
        [.. rows.Select(row => row with { Token = (row.Token + step) % config.VocabSize, Length = row.Length + step })];

    /// <summary>A cache of anything, but that rows of a prompt have the same in its slots.</summary>
    private static KeyValueCache Filled(ModelConfig config, DecodeRow[] rows, ulong seed, ScalarType precision = ScalarType.Float32)
    {
        var cache = new KeyValueCache(config, rows.Length, rows.Max(row => row.Length) + 3, precision);
        manual_seed((long)(seed >> 1));
        cache.Keys_LRKSD.normal_();
        cache.Values_LRKSD.normal_();
        foreach (var prompt in rows.Index().GroupBy(row => row.Item.Prompt))
            foreach (var (row, state) in prompt.Skip(1)) cache.CopyRow(prompt.First().Index, row, state.PromptLength);
        return cache;
    }

    private static KeyValueCache Row(KeyValueCache cache, ModelConfig config, int row)
    {
        var single = new KeyValueCache(config, 1, (int)cache.Keys_LRKSD.shape[3], cache.Keys_LRKSD.dtype);
        single.Keys_LRKSD.copy_(cache.Keys_LRKSD.narrow(1, row, 1));
        single.Values_LRKSD.copy_(cache.Values_LRKSD.narrow(1, row, 1));
        return single;
    }

    private static void AssertClose(Tensor expected, Tensor actual, double within = 1e-4)
    {
        var distance = actual.to(ScalarType.Float32) - expected;
        Assert.True(actual.to(ScalarType.Float32).allclose(expected, within, within), $"differ by {distance.abs().max().item<float>()} where the largest is {expected.abs().max().item<float>()}");
    }
}
