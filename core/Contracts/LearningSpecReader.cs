using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Reads the <c>learning</c> object of a run spec: the loss's name decides what an absent member is, and what may stand beside it.</summary>
internal static class LearningSpecReader
{
    private const double AnyPositive = 1e-12;

    public static LearningSpec Read(ObjectReader reader, SamplingSpec sampling)
    {
        var byDefault = LossPresets.Of(reader.Choice("loss", new LearningSpec().Loss, LossPresets.Names));
        var spec = ReadUpdate(reader, ReadLoss(reader, byDefault));
        RefuseCombinations(reader, spec, sampling);
        return spec;
    }

    private static LearningSpec ReadLoss(ObjectReader reader, LearningSpec byDefault) => byDefault with
    {
        Normalisation = reader.Choice("normalisation", byDefault.Normalisation, LossNormalisations.Names),
        Advantages = reader.Choice("advantages", byDefault.Advantages, AdvantageNormalisations.Names),
        ClipLow = reader.Number("clipLow", byDefault.ClipLow, 0, 1),
        ClipHigh = reader.Number("clipHigh", byDefault.ClipHigh, 0, 100),
        DualClip = reader.OptionalNumber("dualClip", 1 + 1e-6, 1e6),
        KlCoefficient = reader.Number("klCoefficient", byDefault.KlCoefficient, 0, 100),
        KlReferenceEvery = reader.Whole("klReferenceEvery", byDefault.KlReferenceEvery, 0, RunSpecReader.MaxSteps),
        EntropyBonus = reader.Number("entropyBonus", byDefault.EntropyBonus, 0, 100),
        Overlong = reader.Choice("overlong", byDefault.Overlong, OverlongRollouts.Names),
        LengthPenaltyTokens = reader.Whole("lengthPenaltyTokens", byDefault.LengthPenaltyTokens, 0, int.MaxValue),
    };

    private static LearningSpec ReadUpdate(ObjectReader reader, LearningSpec byDefault) => byDefault with
    {
        LearningRate = reader.Number("learningRate", byDefault.LearningRate, 0, 10),
        WarmupSteps = reader.Whole("warmupSteps", byDefault.WarmupSteps, 0, RunSpecReader.MaxSteps),
        Schedule = reader.Choice("schedule", byDefault.Schedule, LearningRateSchedule.Names),
        MinibatchRows = reader.Whole("minibatchRows", byDefault.MinibatchRows, 1, int.MaxValue),
        AccumulateSteps = reader.Whole("accumulateSteps", byDefault.AccumulateSteps, 1, RunSpecReader.MaxSteps),
        GradNorm = reader.Number("gradNorm", byDefault.GradNorm, AnyPositive, 1e9),
        Beta1 = reader.Number("beta1", byDefault.Beta1, 0, 0.999999),
        Beta2 = reader.Number("beta2", byDefault.Beta2, 0, 0.999999),
        WeightDecay = reader.Number("weightDecay", byDefault.WeightDecay, 0, 10),
        MismatchLimit = reader.Number("mismatchLimit", byDefault.MismatchLimit, AnyPositive, 1e9),
        Recompute = reader.Choice("recompute", byDefault.Recompute, Recomputation.Names),
        Precision = reader.Choice("precision", byDefault.Precision, LearningPrecision.Names),
        OptimiserStates = reader.Choice("optimiserStates", byDefault.OptimiserStates, Learn.OptimiserStates.Names),
        MaxLag = reader.Whole("maxLag", byDefault.MaxLag, 0, PolicyLag.Most),
        ImportanceCap = reader.OptionalNumber("importanceCap", 1, 1e6),
    };

    private static void RefuseCombinations(ObjectReader reader, LearningSpec spec, SamplingSpec sampling)
    {
        if (spec.DualClip is not null && !LossPresets.ClipsTokenRatios(spec.Loss))
            reader.Refuse("dualClip", $"bounds the ratio of single tokens, which {spec.Loss} does not clip; take it out, or use grpo, dr_grpo or dapo");
        if (spec.DualClip <= 1 + spec.ClipHigh)
            reader.Refuse("dualClip", FormattableString.Invariant($"is {spec.DualClip}, within the clip range up to {1 + spec.ClipHigh}; use a larger number, such as 3"));
        if (spec.KlReferenceEvery > 0 && spec.KlCoefficient == 0)
            reader.Refuse("klReferenceEvery", "has no meaning while klCoefficient is 0; set klCoefficient, such as 0.001");
        if (GradientAccumulation.IsOn(spec) && spec.MinibatchRows != new LearningSpec().MinibatchRows)
            reader.Refuse("minibatchRows", $"has no meaning while accumulateSteps is {spec.AccumulateSteps}: all effective rollouts of so many steps are one update; take one of the two out");
        if (spec.LengthPenaltyTokens > sampling.MaxTokens)
            reader.Refuse("lengthPenaltyTokens", $"is {spec.LengthPenaltyTokens}, above sampling.maxTokens {sampling.MaxTokens}: every completion would be penalised");
        if (spec.LengthPenaltyTokens > 0 && spec.Overlong == OverlongRollouts.Filter)
            reader.Refuse("lengthPenaltyTokens", "penalises the rollouts that overlong 'filter' leaves out of the loss; choose one of the two");
    }
}
