using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>Random groups, and the plain computation that the packed one must equal.</summary>
internal static class LearningSamples
{
    public static ClipRange Clip { get; } = new(0.2, 0.28);

    public static NormalisationRule TokenMean { get; } = new(LossNormalisation.Effective);

    /// <summary>The loss of <see cref="Unpacked"/>.</summary>
    public static UpdateRule Rule { get; } = new(new TokenClipObjective(Clip));

    /// <summary>Groups over a vocabulary of 4 tokens, which every test model has.</summary>
    public static Gen<PackedGroup[]> PackedGroups { get; } = Packed(Gen.Int[1, 9]);

    /// <summary>With prompts whose attention goes the way of long sequences.</summary>
    public static Gen<PackedGroup[]> LongPackedGroups { get; } = Packed(Gen.Int[60, 75]);

    public static Gen<TrainingGroup[]> TrainingGroups { get; } =
        PackedGroups.Select(groups => groups.Select(group => new TrainingGroup(group.PromptIds, [.. group.Rows.Select(row => row.Row)])).ToArray());

    /// <summary>
    /// Loss and gradients, in the order of the parameters, from one padding-free forward pass per row; the caller's scope owns them. Parts
    /// are what rounding is relative to, also where rows cancel: of each gradient the largest number of every row, summed. LossParts are it
    /// where a token is all but certain: of every row the loss, which is its gradient by log-probs, summed by size.
    /// </summary>
    public static (double Loss, Tensor[] Gradients, double[] Parts, double LossParts) Unpacked(DecoderModel model, IReadOnlyList<PackedGroup> groups, double temperature)
    {
        using var replica = model.Replica();
        Tensor[] gradients = [.. replica.Parameters.Select(parameter => zeros_like(parameter))];
        var parts = new double[gradients.Length];
        var (loss, lossParts) = (0.0, 0.0);
        foreach (var (promptIds, row) in groups.SelectMany(group => group.Rows.Select(row => (group.PromptIds, row))))
        {
            using var scope = NewDisposeScope();
            var rowLoss = RowLoss(replica, promptIds, row, temperature);
            rowLoss.backward();
            var value = rowLoss.detach().to(ScalarType.Float64).item<double>();
            loss += value;
            lossParts += Math.Abs(value);
            for (var i = 0; i < parts.Length; i++) parts[i] += MoveInto(gradients[i], replica.Parameters[i]);
        }

        return (loss, gradients, parts, lossParts);
    }

    /// <summary>A model with the same weights in double; the caller's.</summary>
    public static DecoderModel InDouble(DecoderModel model) =>
        DecoderModel.FromParameters(model.Config, [.. model.Parameters.Select(parameter => parameter.to(ScalarType.Float64))]);

    /// <summary>Six groups of 1 to 8 rows over 16 tokens.</summary>
    public static IReadOnlyList<PackedGroup> Minibatch(int number)
    {
        var random = new Random(number);
        var groups = Enumerable.Range(0, 6).Select(_ => new TrainingGroup(Ids(5), [.. Enumerable.Range(0, 1 + random.Next(8)).Select(_ => Row(1 + random.Next(6)))])).ToList();
        return PackingPlan.Minibatches(groups, 1000, TokenMean, (ulong)number)[0];

        int[] Ids(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(16))];
        TrainingRow Row(int length) => new(Ids(length), [.. Enumerable.Range(0, length).Select(_ => -3 * random.NextSingle())], random.NextDouble() * 2 - 1);
    }

    /// <summary>Adds a parameter's gradient to a sum and clears it; returns its largest number.</summary>
    private static double MoveInto(Tensor sum, Tensor parameter)
    {
        if (parameter.grad is not { } gradient) return 0;
        sum.Increase(gradient);
        var largest = gradient.abs().max().to(ScalarType.Float64).item<double>();
        gradient.zero_();
        return largest;
    }

    private static Tensor RowLoss(DecoderModel model, int[] promptIds, WeightedRow weighted, double temperature)
    {
        var row = weighted.Row;
        long[] inputs = [.. promptIds.Concat(row.CompletionIds[..^1]).Select(id => (long)id)];
        var hidden_TD = model.Hidden(tensor(inputs).unsqueeze(0), model.Rotary.Range(0, inputs.Length))[0];
        var predicting_LD = hidden_TD.narrow(0, promptIds.Length - 1, row.CompletionIds.Length);
        var logProbs_LV = nn.functional.linear(predicting_LD, model.Head_VxD).Times(1 / temperature).log_softmax(-1);
        var logProbs_L = logProbs_LV.gather(1, tensor(row.CompletionIds).to(ScalarType.Int64).unsqueeze(1)).squeeze(1);
        var ratio_L = (logProbs_L - tensor(row.LogProbs, dtype: logProbs_L.dtype)).exp();
        var bounded_L = ratio_L.Between(1 - Clip.Low, 1 + Clip.High);
        return minimum(ratio_L.Times(row.Advantage), bounded_L.Times(row.Advantage)).sum().Times(-weighted.TokenWeight);
    }

    private static Gen<PackedGroup[]> Packed(Gen<int> promptLengths)
    {
        var row =
            from length in Gen.Int[1, 6]
            from ids in Gen.Int[0, 3].Array[length]
            from logProbs in Gen.Float[-2.5f, -0.5f].Array[length]
            from advantage in Gen.Int[-20, 20].Select(tenths => tenths / 10.0)
            from weight in Gen.Double[0.01, 0.2]
            select new WeightedRow(new TrainingRow(ids, logProbs, advantage), weight);
        var group =
            from length in promptLengths
            from prompt in Gen.Int[0, 3].Array[length]
            from rows in row.Array[1, 5]
            select new PackedGroup(prompt, rows);
        return group.Array[1, 4];
    }
}
