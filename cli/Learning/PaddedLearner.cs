using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Learning;

/// <summary>
/// The peer: a GRPO update as it is first written with a tensor library. Every row computes its own prompt, rows of a
/// microbatch are padded to its longest one, attention is the library's causal kernel, logits of all completion tokens of a
/// microbatch are whole, and operations use all cores.
/// </summary>
internal sealed class PaddedLearner : IDisposable
{
    /// <summary>Of a microbatch; the fastest of 2,048, 4,096 and 8,192.</summary>
    private const int MicrobatchTokens = 4_096;

    // Numbers that meet tensors live as long as the program: the library holds none during a call.
    private static readonly Scalar LowestRatio = 0.8.ToScalar();
    private static readonly Scalar HighestRatio = 1.28.ToScalar();

    private readonly Parameter[] _parameters;
    private readonly DecoderModel _model;
    private readonly optim.Optimizer _optimiser;

    /// <param name="model">Stays the caller's, and as it is: the peer trains a copy.</param>
    public PaddedLearner(DecoderModel model, double learningRate)
    {
        _parameters = [.. model.Parameters.Select(weights => new Parameter(weights.detach().clone()))];
        _model = DecoderModel.FromParameters(model.Config, _parameters);
        _optimiser = optim.AdamW(_parameters, learningRate, beta1: 0.9, beta2: 0.95, weight_decay: 0);
    }

    /// <summary>One update, with the mean over all completion tokens. Returns the loss.</summary>
    public double Step(IReadOnlyList<TrainingGroup> groups, CancellationToken cancellation)
    {
        var threads = get_num_threads();
        set_num_threads(Environment.ProcessorCount);
        _optimiser.zero_grad();
        var rows = groups.SelectMany(group => group.Rows.Select(row => (group.PromptIds, row))).ToList();
        var tokens = rows.Sum(row => row.row.CompletionIds.Length);
        var longest = rows.Max(row => row.PromptIds.Length + row.row.CompletionIds.Length);
        var loss = 0.0;
        foreach (var microbatch in rows.Chunk(Math.Max(1, MicrobatchTokens / longest)))
        {
            cancellation.ThrowIfCancellationRequested();
            loss += Backward(microbatch, tokens);
        }

        nn.utils.clip_grad_norm_(_parameters, 1);
        _optimiser.step();
        set_num_threads(threads);
        return loss;
    }

    private double Backward((int[] PromptIds, TrainingRow Row)[] rows, int allTokens)
    {
        using var scope = NewDisposeScope();
        var (prompt, longest) = (rows[0].PromptIds.Length, rows.Max(row => row.Row.CompletionIds.Length));
        var inputs_BT = Padded(rows, prompt + longest - 1, row => row.PromptIds.Concat(row.Row.CompletionIds[..^1]).Select(id => (long)id));
        var hidden_BLD = _model.Hidden(inputs_BT, _model.Rotary.Range(0, prompt + longest - 1)).narrow(1, prompt - 1, longest);
        var logProbs_BLV = nn.functional.linear(hidden_BLD, _model.Head_VxD).log_softmax(-1);
        var targets_BL1 = Padded(rows, longest, row => row.Row.CompletionIds.Select(id => (long)id)).unsqueeze(-1);
        var ratio_BL = (logProbs_BLV.gather(-1, targets_BL1).squeeze(-1) - Padded(rows, longest, row => row.Row.LogProbs)).exp();
        var advantages_BL = Padded(rows, longest, row => Enumerable.Repeat((float)row.Row.Advantage, row.Row.CompletionIds.Length));
        var weights_BL = Padded(rows, longest, row => Enumerable.Repeat(1f / allTokens, row.Row.CompletionIds.Length));
        var worth_BL = minimum(ratio_BL * advantages_BL, ratio_BL.clamp(LowestRatio, HighestRatio) * advantages_BL);
        var loss = -(worth_BL * weights_BL).sum();
        loss.backward();
        using var there = loss.detach().cpu();
        return there.data<float>()[0];
    }

    /// <summary>[rows, length], 0 after the end of a row.</summary>
    private static Tensor Padded<T>((int[] PromptIds, TrainingRow Row)[] rows, int length, Func<(int[] PromptIds, TrainingRow Row), IEnumerable<T>> values) where T : unmanaged
    {
        var all = new T[rows.Length * length];
        foreach (var (number, row) in rows.Index())
        {
            var at = number * length;
            foreach (var value in values(row)) all[at++] = value;
        }

        return all is long[] ids ? tensor(ids, rows.Length, length) : tensor((float[])(object)all, rows.Length, length);
    }

    public void Dispose()
    {
        _optimiser.Dispose();
        foreach (var parameter in _parameters) parameter.grad?.Dispose();
        _model.Dispose();
    }
}
