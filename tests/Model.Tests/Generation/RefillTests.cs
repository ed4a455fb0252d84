using System.Runtime.InteropServices;
using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

/// <summary>Requests with more rollouts than places: a place that gets free is taken by the next rollout.</summary>
public class RefillTests
{
    private static readonly SamplingSpec Sampling = new() { MaxTokens = 12 };

    [Fact]
    public void A_rollout_is_the_same_alone_and_in_any_batch_that_others_leave_and_join() =>
        Gen.Select(Gen.Int[1, 9].Array[1, 7], Gen.Int[0, 6].Array[7], Gen.Int[1, 9], Gen.Int[1, 20], Gen.Bool, Gen.ULong).Sample((lengths, counts, places, prefill, ends, seed) =>
        {
            using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = ends ? [1, 2] : [] }, 3);
            var prompts = lengths.Select((length, at) => Prompt(length, counts[at], Seeds.For(seed, $"{at}"))).ToArray();
            var together = new GenerationEngine(model, new EngineOptions { MaxRows = places, PrefillTokens = prefill }).Generate(prompts, Sampling, TestContext.Current.CancellationToken);
            AssertSame(Alone(model, prompts), together);
        }, iter: 20, threads: 1);

    [Fact]
    public void More_rollouts_change_no_token_of_the_others() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 4], Gen.ULong).Sample((length, otherLength, places, seed) =>
        {
            using var model = DecoderModel.Random(TestModels.Config, 4);
            var (prompt, other) = (Prompt(length, 6, seed), Prompt(otherLength, 5, seed + 1));
            var engine = new GenerationEngine(model, new EngineOptions { MaxRows = places });
            AssertSame(engine.Generate([prompt], Sampling, TestContext.Current.CancellationToken), engine.Generate([prompt, other], Sampling, TestContext.Current.CancellationToken)[..1]);
        }, iter: 15, threads: 1);

    [Fact]
    public void A_place_is_taken_again_as_soon_as_its_rollout_ends()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [] }, 5);
        var calls = 0;
        var engine = new GenerationEngine(model, new EngineOptions { MaxRows = 2, BeforeStep = _ => calls++ });
        engine.Generate([new GenerationPrompt([4, 5], [1, 2, 3, 4, 5]) { MaxTokens = [12, 3, 3, 3, 3] }], Sampling, TestContext.Current.CancellationToken);
        // Both places are filled once and the second three times more; meanwhile the long rollout takes its eleven steps.
        Assert.Equal(1 + 3 + 11, calls);
    }

    [Fact]
    public void Where_memory_does_not_suffice_half_as_many_go_on_with_the_same_tokens()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [1, 2] }, 5);
        GenerationPrompt[] prompts = [Prompt(3, 9, 1), Prompt(5, 11, 2)];
        for (var failing = 0; failing < 12; failing++)
        {
            var (calls, fails) = (0, failing);
            var engine = new GenerationEngine(model, new EngineOptions { MaxRows = 13, BeforeStep = places => FailIf(places > 3 && calls++ >= fails, onGpu: fails % 2 == 1) });
            AssertSame(Alone(model, prompts), engine.Generate(prompts, Sampling, TestContext.Current.CancellationToken));
            Assert.InRange(engine.MaxRows, 1, 3);
        }
    }

    [Fact]
    public void Where_not_even_one_rollout_fits_the_error_says_what_it_needs()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var engine = new GenerationEngine(model, new EngineOptions { BeforeStep = _ => FailIf(true) });
        var message = Assert.Throws<InsufficientMemoryException>(() => engine.Generate([Prompt(3, 9, 1)], Sampling, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("one rollout of 14 tokens needs", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_failures_of_the_library_are_not_taken_for_lack_of_memory()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var engine = new GenerationEngine(model, new EngineOptions { BeforeStep = _ => mm(ones(2, 3), ones(2, 3)).Dispose() });
        Assert.Throws<ExternalException>(() => engine.Generate([Prompt(3, 9, 1)], Sampling, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_cache_is_as_long_as_the_rollouts_may_become()
    {
        var prompt = new GenerationPrompt(new int[5], [1, 2, 3]) { MaxTokens = [2, 4, 40] };
        var queue = new RolloutQueue([prompt, new GenerationPrompt(new int[6], [1]) { MaxTokens = [1] }], maxTokens: 7);
        Assert.Equal(5 + 7 - 1, queue.Slots());
        queue.Remove(new PromptSlice(0, [2]));
        Assert.Equal(5 + 4 - 1, queue.Slots());
    }

    [Fact]
    public void Rollouts_and_prompts_share_the_bytes_that_an_engine_is_given()
    {
        // A prompt's token has 3*32 + 9*32 + 6*16 float32 numbers in attention; a rollout of 8 slots 2*2 + 1 times 16 numbers a slot, and twice 16 logits.
        const long token = 4 * 480, row = (4 * 5 * 16 * 8) + (8 * 16);
        var queue = new RolloutQueue([new GenerationPrompt(new int[5], [1, 2, 3])], maxTokens: 4);
        Assert.Equal(new MemoryPlan(3, 4096), Plan(1L << 30));
        Assert.Equal(new MemoryPlan(2, 7), Plan(4 * 7 * token, most: 2));
        Assert.Equal(new MemoryPlan(2, 1), Plan((5 * token) + (2 * row)));
        Assert.Equal(new MemoryPlan(1, 1), Plan((5 * token) + (2 * row) - 1));
        Assert.Equal(new MemoryPlan(1, 1), Plan(1));

        MemoryPlan Plan(long bytes, long most = 7) =>
            MemoryPlan.For(queue, DecoderMemory.OfLibrary(TestModels.Config, queue.Slots(), sizeof(float)) with { MostRows = most }, new EngineOptions { CacheBytes = bytes });
    }

    [Fact]
    public void The_kernels_need_no_more_for_a_long_prompt_than_for_a_short_one()
    {
        using var model = DecoderModel.Random(TestModels.Config, 1);
        var needs = CpuKernels.Memory(model, slots: 2_003, threads: 2);
        var queue = new RolloutQueue([new GenerationPrompt(new int[2_000], [1, 2, 3])], maxTokens: 4);
        Assert.Equal(2, MemoryPlan.For(queue, needs, new EngineOptions { CacheBytes = (CpuKernels.PromptTokens * needs.PromptToken) + (2 * needs.Row) }).Places);
    }

    [Fact]
    public void Engines_that_fill_the_cores_share_a_quarter_of_the_memory_and_have_enough_to_be_fast()
    {
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var cores = Environment.ProcessorCount;
        Assert.InRange(new EngineOptions { Threads = cores }.CacheBytes, Math.Max(1L << 30, (all / 4) - cores), Math.Max(1L << 30, all / 4));
        Assert.InRange(new EngineOptions { Threads = 1 }.CacheBytes * cores, cores, Math.Max((long)cores << 30, all / 4));
        Assert.Equal(5, (new EngineOptions { CacheBytes = 5 } with { MaxRows = 1 }).CacheBytes);
    }

    /// <summary>The library's own failure, as no machine has a petabyte; or, with the words of its allocator for GPUs, what it would throw there.</summary>
    private static void FailIf(bool fails, bool onGpu = false)
    {
        if (fails && onGpu) throw new LibraryException("CUDA out of memory. Tried to allocate 2.00 GiB.");
        if (fails) empty(1L << 48).Dispose();
    }

    private static GenerationPrompt Prompt(int length, int count, ulong seed) => new(
        [.. Enumerable.Range(0, length).Select(at => (int)(CounterRandom.UniformAt(seed, (ulong)at) * TestModels.Config.VocabSize))],
        [.. Enumerable.Range(0, count).Select(rollout => Seeds.For(seed, $"{rollout}"))])
    {
        MaxTokens = [.. Enumerable.Range(0, count).Select(rollout => 1 + (int)(CounterRandom.UniformAt(seed, 100 + (ulong)rollout) * 14))],
    };

    private static Completion[][] Alone(DecoderModel model, GenerationPrompt[] prompts) =>
        [.. prompts.Select(prompt => prompt.Seeds.Select((seed, rollout) => new GenerationEngine(model)
            .Generate([new GenerationPrompt(prompt.TokenIds, [seed]) { MaxTokens = [prompt.MaxTokens![rollout]] }], Sampling, TestContext.Current.CancellationToken)[0][0]).ToArray())];

    private static void AssertSame(Completion[][] expected, Completion[][] actual)
    {
        Assert.Equal(expected.Select(rows => rows.Length), actual.Select(rows => rows.Length));
        foreach (var (left, right) in expected.SelectMany(rows => rows).Zip(actual.SelectMany(rows => rows)))
        {
            Assert.Equal(left.TokenIds, right.TokenIds);
            Assert.Equal(left.Stop, right.Stop);
            Assert.All(left.LogProbs.Zip(right.LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }
    }

    private sealed class LibraryException(string message) : ExternalException(message);
}
