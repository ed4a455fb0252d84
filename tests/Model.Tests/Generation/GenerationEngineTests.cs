using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

public class GenerationEngineTests
{
    private static readonly SamplingSpec Sampling = new() { MaxTokens = 9 };

    /// <summary>Prompts of equal or of any lengths, each with none to five rollouts.</summary>
    private static readonly Gen<(bool Equal, int[] Lengths, int[] Counts, ulong Seed)> Shapes =
        Gen.Select(Gen.Bool, Gen.Int[1, 12].Array[6], Gen.Int[0, 5].Array[1, 6], Gen.ULong);

    [Fact]
    public void Generation_with_a_cache_is_that_of_a_full_forward_for_every_token() =>
        Gen.Select(Gen.OneOf(TestModels.Configs, TestModels.ConfigsOfWholeVectors), Shapes, Gen.Bool, Gen.Double[0.5, 2], Gen.Int[0, 6]).Sample((config, shape, ends, temperature, topK) =>
        {
            using var model = DecoderModel.Random(config with { EosTokenIds = ends ? [1, 2] : [] }, shape.Seed);
            var prompts = Prompts(config, shape);
            var sampling = Sampling with { Temperature = temperature, TopK = topK };
            var completions = new GenerationEngine(model).Generate(prompts, sampling, TestContext.Current.CancellationToken);
            AssertSame(prompts.Select(prompt => prompt.Seeds.Select(seed => Oracle.Generate(model, prompt.TokenIds, seed, sampling)).ToArray()).ToArray(), completions);
        }, iter: 50, threads: 1);

    [Fact]
    public void Texts_and_tokens_end_a_completion_and_nothing_does_before_its_shortest_length()
    {
        var reasons = new HashSet<StopReason>();
        Gen.Select(Shapes, Gen.Int[0, 9], Gen.OneOf(Gen.Const(0.0), Gen.Const(0.8), Gen.Const(1.0)), Gen.OneOf(Gen.Const<string[]>(["abca"]), Gen.Const<string[]>(["bb", "cab"]), Gen.Const<string[]>([])), Gen.OneOf(Gen.Const<int[]>([5]), Gen.Const<int[]>([1, 7]), Gen.Const<int[]>([])))
            .Sample((shape, minTokens, temperature, stop, stopTokens) =>
            {
                using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [1] }, shape.Seed);
                var prompts = Prompts(TestModels.Config, shape);
                var sampling = Sampling with { Temperature = temperature, MinTokens = minTokens, Stop = stop, StopTokens = stopTokens };
                var completions = new GenerationEngine(model, tokenizer: new Pieces()).Generate(prompts, sampling, TestContext.Current.CancellationToken);
                AssertSame(prompts.Select(prompt => prompt.Seeds.Select(seed => Oracle.Generate(model, prompt.TokenIds, seed, sampling, Pieces.TextOf)).ToArray()).ToArray(), completions);
                Assert.All(completions.SelectMany(rows => rows), completion => Assert.InRange(completion.TokenIds.Length, minTokens, Sampling.MaxTokens));
                reasons.UnionWith(completions.SelectMany(rows => rows).Select(completion => completion.Stop));
            }, iter: 60, threads: 1);
        Assert.Equal([StopReason.Eos, StopReason.Length, StopReason.Stop], reasons.Order());
    }

    [Fact]
    public void A_rollout_is_the_same_alone_in_a_batch_and_in_any_chunk() =>
        Gen.Select(Shapes, Gen.Int[1, 7], Gen.Int[1, 40], Gen.Bool).Sample((shape, rows, prefill, wholeVectors) =>
        {
            using var model = DecoderModel.Random(TestModels.Config with { HeadDim = wholeVectors ? 16 : 8 }, 3);
            var prompts = Prompts(TestModels.Config, shape);
            var together = new GenerationEngine(model).Generate(prompts, Sampling, TestContext.Current.CancellationToken);
            var chunked = new GenerationEngine(model, new EngineOptions { MaxRows = rows, PrefillTokens = prefill }).Generate(prompts, Sampling, TestContext.Current.CancellationToken);
            var tight = new GenerationEngine(model, new EngineOptions { CacheBytes = 1 }).Generate(prompts, Sampling, TestContext.Current.CancellationToken);
            AssertSame(together, chunked);
            AssertSame(together, tight);
        }, iter: 30, threads: 1);

    [Fact]
    public void In_bfloat16_log_probs_are_near_those_of_float32()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [] }, 3);
        using var half = model.As(ScalarType.BFloat16);
        var prompts = Prompts(TestModels.Config, (false, [3, 5, 9], [2, 2, 2], 7));
        var sampling = Sampling with { Temperature = 0 };
        var expected = new GenerationEngine(model).Generate(prompts, sampling, TestContext.Current.CancellationToken);
        var found = new GenerationEngine(half).Generate(prompts, sampling, TestContext.Current.CancellationToken);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First[0].LogProbs[0], pair.Second[0].LogProbs[0], 0.05));
    }

    [Fact]
    public void Rows_that_end_at_different_times_leave_the_others_unchanged()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [1, 2, 3] }, 5);
        using var endless = DecoderModel.Random(TestModels.Config with { EosTokenIds = [] }, 5);
        var prompts = Prompts(TestModels.Config, (false, [3, 5, 5, 1, 9, 2], [8, 8, 8, 8, 8, 8], 1));
        var sampling = Sampling with { MaxTokens = 30 };
        var ended = new GenerationEngine(model).Generate(prompts, sampling, TestContext.Current.CancellationToken).SelectMany(rows => rows).ToList();
        var full = new GenerationEngine(endless).Generate(prompts, sampling, TestContext.Current.CancellationToken).SelectMany(rows => rows).ToList();
        Assert.InRange(ended.Select(completion => completion.TokenIds.Length).Distinct().Count(), 5, 30);
        Assert.All(ended.Zip(full), pair => Assert.Equal(pair.Second.TokenIds.Take(pair.First.TokenIds.Length), pair.First.TokenIds));
        Assert.All(ended.Where(completion => completion.Stop == StopReason.Eos), completion => Assert.Single(completion.TokenIds, id => id is 1 or 2 or 3));
        Assert.All(ended.Where(completion => completion.Stop == StopReason.Length), completion => Assert.Equal(30, completion.TokenIds.Length));
    }

    [Fact]
    public void Rollouts_may_have_their_own_longest_completion()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [] }, 5);
        var engine = new GenerationEngine(model);
        GenerationPrompt prompt = new([4, 5], [1, 2, 3, 4]);
        var limited = engine.Generate([prompt with { MaxTokens = [3, 1, 50, 6] }], Sampling, TestContext.Current.CancellationToken)[0];
        var full = engine.Generate([prompt], Sampling, TestContext.Current.CancellationToken)[0];
        Assert.Equal([3, 1, 9, 6], limited.Select(completion => completion.TokenIds.Length));
        Assert.All(limited.Zip(full), pair => Assert.Equal(pair.Second.TokenIds.Take(pair.First.TokenIds.Length), pair.First.TokenIds));
        var errors = Assert.Throws<InvalidInputException>(() => engine.Generate([prompt with { MaxTokens = [1, 2, 3] }, prompt with { MaxTokens = [1, 2, 3, 0] }], Sampling, TestContext.Current.CancellationToken)).Errors;
        Assert.Equal(["prompt 1", "prompt 2"], errors.Select(error => error.Place));
    }

    [Fact]
    public void Greedy_gives_every_rollout_the_same_tokens_whatever_its_seed()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var completions = new GenerationEngine(model).Generate([new([4, 5, 6], [1, 2, 3])], Sampling with { Temperature = 0 }, TestContext.Current.CancellationToken)[0];
        Assert.All(completions, completion => Assert.Equal(completions[0].TokenIds, completion.TokenIds));
        AssertSame([[Oracle.Generate(model, [4, 5, 6], 9, Sampling with { Temperature = 0 })]], [[completions[0]]]);
    }

    [Fact]
    public void One_array_serves_both_log_probs_only_when_the_distributions_are_one()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        Assert.True(IsShared(Sampling));
        Assert.True(IsShared(Sampling with { TopK = 16 }));
        Assert.False(IsShared(Sampling with { TopK = 3 }));
        Assert.False(IsShared(Sampling with { TopP = 0.9 }));
        Assert.False(IsShared(Sampling with { Temperature = 0.9 }));
        Assert.False(IsShared(Sampling with { MinTokens = 2 }));

        bool IsShared(SamplingSpec sampling)
        {
            var completion = new GenerationEngine(model).Generate([new([4], [1])], sampling, TestContext.Current.CancellationToken)[0][0];
            return ReferenceEquals(completion.LogProbs, completion.ModelLogProbs);
        }
    }

    [Fact]
    public void Engines_on_several_threads_share_one_model()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var prompts = Prompts(TestModels.Config, (false, [3, 5, 5, 1, 9, 2], [4, 4, 4, 4, 4, 4], 1));
        var expected = new GenerationEngine(model).Generate(prompts, Sampling, TestContext.Current.CancellationToken);
        var results = new Completion[3][][];
        Parallel.For(0, 3, i => results[i] = new GenerationEngine(model).Generate(prompts, Sampling, TestContext.Current.CancellationToken));
        Assert.All(results, result => AssertSame(expected, result));
    }

    [Fact]
    public void Nothing_native_outlives_a_call()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var engine = new GenerationEngine(model);
        var prompts = Prompts(TestModels.Config, (false, [3, 5, 5, 1, 9, 2], [4, 4, 4, 4, 4, 4], 1));
        engine.Generate(prompts, Sampling, TestContext.Current.CancellationToken);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++) engine.Generate(prompts, Sampling, TestContext.Current.CancellationToken);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void The_number_of_torch_threads_is_given_back()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var before = get_num_threads();
        new GenerationEngine(model, new EngineOptions { Threads = before + 1 }).Generate([new([4], [1])], Sampling, TestContext.Current.CancellationToken);
        Assert.Equal(before, get_num_threads());
    }

    [Fact]
    public void Cancelling_stops_between_tokens()
    {
        using var model = DecoderModel.Random(TestModels.Config with { MaxPositionEmbeddings = 1 << 16, EosTokenIds = [] }, 5);
        using var source = new CancellationTokenSource();
        // The seeds are read after the first check, so that only a check between tokens can see this.
        var prompt = new GenerationPrompt([4], new CancelsWhenRead(source));
        Assert.Throws<OperationCanceledException>(() => new GenerationEngine(model).Generate([prompt], Sampling with { MaxTokens = 60_000 }, source.Token));
    }

    [Fact]
    public void Everything_wrong_with_a_request_is_listed()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        var sampling = new SamplingSpec { Temperature = -1, TopP = 0, TopK = -1, MaxTokens = 0, MinTokens = 1, Stop = ["end"], StopTokens = [16] };
        var errors = Assert.Throws<InvalidInputException>(() => new GenerationEngine(model).Generate(
            [new([], [1]), new([4, 16, -1], [1]), new(new int[65], [1])], sampling, TestContext.Current.CancellationToken)).Errors;
        Assert.Equal(["sampling.temperature", "sampling.topP", "sampling.topK", "sampling.maxTokens", "sampling.minTokens", "sampling.stop", "sampling.stopTokens", "prompt 1", "prompt 2", "prompt 3"], errors.Select(error => error.Place));
    }

    [Fact]
    public void A_completion_may_fill_the_last_position_but_not_go_beyond()
    {
        using var model = DecoderModel.Random(TestModels.Config with { EosTokenIds = [] }, 5);
        var engine = new GenerationEngine(model);
        var full = engine.Generate([new(new int[60], [1])], Sampling with { MaxTokens = 4 }, TestContext.Current.CancellationToken)[0][0];
        Assert.Equal(4, full.TokenIds.Length);
        var message = Assert.Throws<InvalidInputException>(() => engine.Generate([new(new int[61], [1])], Sampling with { MaxTokens = 4 }, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("64 positions", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_diverged_is_said_to_have_diverged()
    {
        using var model = DecoderModel.Random(TestModels.Config, 5);
        using (no_grad()) model.FinalNorm_D.Scale(float.NaN);
        Assert.Throws<InvalidOperationException>(() => new GenerationEngine(model).Generate([new([4], [1])], Sampling, TestContext.Current.CancellationToken));
    }

    /// <summary>Tokens that are a letter, two, or none, so that stop texts begin and end anywhere.</summary>
    private sealed class Pieces : ITokenizer
    {
        private static readonly string[] Texts = ["a", "", "b", "ab", "ca", "c"];

        public static string TextOf(int id) => Texts[id % Texts.Length];

        public int[] Encode(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(TextOf));
    }

    private static GenerationPrompt[] Prompts(ModelConfig config, (bool Equal, int[] Lengths, int[] Counts, ulong Seed) shape) =>
        [.. shape.Counts.Select((count, prompt) => new GenerationPrompt(
            [.. Enumerable.Range(0, shape.Lengths[shape.Equal ? 0 : prompt]).Select(at => (int)(CounterRandom.UniformAt(shape.Seed, (ulong)(at + 100 * prompt)) * config.VocabSize))],
            [.. Enumerable.Range(0, count).Select(index => Seeds.For(shape.Seed, $"{prompt}/{index}"))]))];

    private static void AssertSame(Completion[][] expected, Completion[][] actual)
    {
        Assert.Equal(expected.Select(rows => rows.Length), actual.Select(rows => rows.Length));
        foreach (var (left, right) in expected.SelectMany(rows => rows).Zip(actual.SelectMany(rows => rows)))
        {
            Assert.Equal(left.TokenIds, right.TokenIds);
            Assert.Equal(left.Stop, right.Stop);
            for (var i = 0; i < left.TokenIds.Length; i++)
            {
                Assert.Equal(left.LogProbs[i], right.LogProbs[i], 1e-4f);
                Assert.Equal(left.ModelLogProbs[i], right.ModelLogProbs[i], 1e-4f);
            }
        }
    }

    private sealed class CancelsWhenRead(CancellationTokenSource source) : IReadOnlyList<ulong>
    {
        public int Count => 1;

        public ulong this[int index]
        {
            get
            {
                source.Cancel();
                return 1;
            }
        }

        public IEnumerator<ulong> GetEnumerator() => throw new NotSupportedException();
        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
