using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Tests.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests;

/// <summary>
/// Native numbers are freed by finalisers. These tests run the program's tensor code while garbage is collected without
/// pause, where a number let go too early is found within seconds.
/// </summary>
[Collection(nameof(Alone))]
public class GarbageTests
{
    [Fact]
    public Task Kernels_keep_their_numbers() => WhileCollecting(() =>
    {
        using var scope = NewDisposeScope();
        var (x, weight) = (ones(1, 4), ones(4));
        for (var call = 0; call < 5000; call++)
        {
            using var one = NewDisposeScope();
            Assert.Equal(1 / Math.Sqrt(5), Kernels.RmsNorm(x, weight, eps: 4)[0, 0].item<float>(), 1e-6);
        }
    });

    [Fact]
    public Task Training_keeps_its_numbers() => WhileCollecting(() =>
    {
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var reference = DecoderModel.Random(TestModels.Config, seed: 4);
        using var optimiser = new AdamW(model);
        using var threads = new ShardThreads(2);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        for (var update = 0; update < 60; update++)
        {
            trainer.Update(
                LearningSamples.Minibatch(update), Rules[update % Rules.Length] with { Temperature = 0.9, Reference = reference }, 1e-3, new OptimiserSettings(0.9, 0.95, 0, 1));
        }
    });

    [Fact]
    public Task Generation_keeps_its_numbers() => WhileCollecting(() =>
    {
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        var engine = new GenerationEngine(model);
        // Of different lengths, so that masks are made.
        GenerationPrompt[] prompts = [new([3, 4, 5], [1, 2, 3]), new([6, 7], [4, 5]), new([8, 9, 10, 11, 12], [6])];
        for (var call = 0; call < 60; call++) engine.Generate(prompts, new SamplingSpec { MaxTokens = 8 }, TestContext.Current.CancellationToken);
    });

    /// <summary>Every loss, with everything that can be added to one.</summary>
    private static UpdateRule[] Rules { get; } =
        [.. LossPresets.Names.Select(loss => new UpdateRule(ObjectiveFactory.Of(LossPresets.Of(loss) with
        {
            DualClip = LossPresets.ClipsTokenRatios(loss) ? 3 : null,
            KlCoefficient = 0.1,
            EntropyBonus = 0.1,
        })))];

    private static async Task WhileCollecting(Action work)
    {
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(() => GarbageCollector.CollectUntil(stop.Token), TestContext.Current.CancellationToken);
        try
        {
            work();
        }
        finally
        {
            await stop.CancelAsync();
            await collecting;
        }
    }
}
