using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Tasks;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Makes a policy worth a run: a small decoder, supervised on random problems until its measured success rate is about the
/// target. By measurement and not by steps, because seeds differ. Same spec, same weights.
/// </summary>
internal sealed class ArithmeticWarmup(RunSpec spec, double target, ShardThreads threads)
{
    private const int Problems = 128;
    private const double LearningRate = 4e-3;
    /// <summary>Near the target: small steps, so that the rate passes it slowly.</summary>
    private const double NearLearningRate = 1e-3;
    private const int RampSteps = 50;
    private const int MostSteps = 4000;
    /// <summary>Steps between measurements while far from the target, and near it.</summary>
    private const int Stride = 25;
    private const int NearStride = 5;
    private const double Near = 0.15;
    private const string DefaultFamilies = "arithmetic:add1-5,sub1-5";
    private static readonly OptimiserSettings Settings = new(Beta1: 0.9, Beta2: 0.999, WeightDecay: 0.01, GradientNorm: 1);

    public static readonly ModelConfig Config = new()
    {
        VocabSize = CharacterTokenizer.Arithmetic.Vocabulary.Count,
        HiddenSize = 64,
        IntermediateSize = 160,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 16,
        MaxPositionEmbeddings = 64,
        EosTokenIds = [CharacterTokenizer.Arithmetic.EosId],
        PadTokenId = CharacterTokenizer.Arithmetic.PadId,
    };

    /// <summary>The warmed-up policy; the caller's.</summary>
    public (DecoderModel Model, TokenizerFiles Tokenizer) Run(IProgress<string> progress, CancellationToken cancellation)
    {
        var seed = Seeds.For(spec.Seed, "warm-up");
        var model = DecoderModel.Random(Config, seed);
        try
        {
            Train(model, seed, progress, cancellation);
            return (model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private void Train(DecoderModel model, ulong seed, IProgress<string> progress, CancellationToken cancellation)
    {
        var source = ProceduralSource.Matches(spec.Tasks.Source) ? spec.Tasks.Source : DefaultFamilies;
        var tasks = ProceduralSource.Parse(source);
        var heldOut = tasks.Build(spec.Seed).Evaluation.Select(task => task.Prompt).ToHashSet(StringComparer.Ordinal);
        var problems = new WarmupProblems(tasks.Families, heldOut, Seeds.For(seed, "problems"));
        var measure = new SuccessRate(model, tasks.Families, Seeds.For(seed, "measure"), threads);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        var rule = new UpdateRule(new LikelihoodObjective());
        var rate = 0.0;
        for (var step = 1; step <= MostSteps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var near = rate > target - Near;
            trainer.Update(problems.Draw(Problems), rule, near ? NearLearningRate : LearningRate * Math.Min(1, (double)step / RampSteps), Settings);
            if (step % (near ? NearStride : Stride) != 0) continue;
            rate = measure.Measure(cancellation);
            progress.Report(string.Create(CultureInfo.InvariantCulture, $"warm-up {step} steps, success rate {rate:F2} (target {target:F2})"));
            if (rate >= target) return;
        }

        throw new InvalidInputException("model.source", string.Create(CultureInfo.InvariantCulture, $"the warm-up reached a success rate of {rate:F2} only; lower its target"));
    }
}
