using System.Runtime.Intrinsics;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation;

/// <param name="LogProb">Under the distribution that was sampled from; of the model itself when greedy.</param>
/// <param name="ModelLogProb">Of the model at temperature 1, without truncation.</param>
internal readonly record struct SampledToken(int Id, float LogProb, float ModelLogProb);

/// <summary>
/// Draws one token from logits: temperature, then the k most likely, then the smallest set of them whose mass reaches
/// top-p (arXiv 1904.09751), renormalised. Ties go to the smaller id. A pure function of its arguments; the instance only
/// keeps memory, so one thread at a time uses it.
/// </summary>
internal sealed class Sampler(int vocabulary)
{
    private const int BlockSize = 256;

    private readonly float[] _weights_V = new float[vocabulary];
    private readonly float[] _allowed_V = new float[vocabulary];
    private readonly double[] _blocks = new double[(vocabulary + BlockSize - 1) / BlockSize];
    private readonly Nucleus _nucleus = new(vocabulary);

    /// <param name="uniform">In [0, 1): the draw, by inverse cumulative distribution in the order of ids.</param>
    /// <exception cref="InvalidOperationException">A logit is not a number or plus infinity, or all are minus infinity: the model is broken.</exception>
    public SampledToken Sample(ReadOnlySpan<float> logits_V, SamplingSpec sampling, double uniform)
    {
        var most = Maximum.Of(logits_V);
        if (!float.IsFinite(most)) throw new InvalidOperationException("the model's logits are not finite: its weights are damaged, or training has diverged");
        var total = Weigh(logits_V, most, 1);
        if (sampling.Temperature == 0)
        {
            var logProb = (float)-Math.Log(total);
            return new(logits_V.IndexOf(most), logProb, logProb);
        }

        var truncated = sampling.TopP < 1 || (sampling.TopK > 0 && sampling.TopK < vocabulary);
        if (sampling.Temperature == 1 && !truncated)
        {
            var id = Pick(uniform * total);
            var logProb = LogProb(logits_V[id], most, 1, total);
            return new(id, logProb, logProb);
        }

        var inverse = 1 / sampling.Temperature;
        var sampledTotal = Weigh(logits_V, most, (float)inverse);
        int pick;
        if (truncated)
        {
            sampledTotal = _nucleus.Select(_weights_V, sampledTotal, sampling.TopK, sampling.TopP);
            pick = _nucleus.Pick(uniform * sampledTotal);
        }
        else
        {
            pick = Pick(uniform * sampledTotal);
        }

        return new(pick, LogProb(logits_V[pick], most, inverse, sampledTotal), LogProb(logits_V[pick], most, 1, total));
    }

    /// <summary>As <see cref="Sample(ReadOnlySpan{float}, SamplingSpec, double)"/>, from the tokens that are not forbidden: the others share their mass.</summary>
    public SampledToken Sample(ReadOnlySpan<float> logits_V, SamplingSpec sampling, double uniform, ReadOnlySpan<int> forbidden)
    {
        if (forbidden.IsEmpty) return Sample(logits_V, sampling, uniform);
        logits_V.CopyTo(_allowed_V);
        foreach (var id in forbidden) _allowed_V[id] = float.NegativeInfinity;
        var token = Sample(_allowed_V, sampling, uniform);
        var most = Maximum.Of(logits_V);
        var modelLogProb = LogProb(logits_V[token.Id], most, 1, Weigh(logits_V, most, 1));
        return token with { LogProb = sampling.Temperature == 0 ? modelLogProb : token.LogProb, ModelLogProb = modelLogProb };
    }

    private static float LogProb(float logit, float most, double inverseTemperature, double total) =>
        (float)((logit - (double)most) * inverseTemperature - Math.Log(total));

    /// <summary>Sets the weights to exp((logit - most) * inverseTemperature) and returns their sum, which blocks of them add up to.</summary>
    private double Weigh(ReadOnlySpan<float> logits_V, float most, float inverseTemperature)
    {
        double total = 0;
        for (var block = 0; block < _blocks.Length; block++)
        {
            var at = block * BlockSize;
            var length = Math.Min(BlockSize, logits_V.Length - at);
            _blocks[block] = Exponentials(logits_V.Slice(at, length), most, inverseTemperature, _weights_V.AsSpan(at, length));
            total += _blocks[block];
        }

        return total;
    }

    private static double Exponentials(ReadOnlySpan<float> logits, float most, float inverseTemperature, Span<float> weights)
    {
        var at = 0;
        var sums = Vector512<float>.Zero;
        for (; at <= logits.Length - Vector512<float>.Count; at += Vector512<float>.Count)
        {
            var exponentials = Exponentials(logits[at..], most, inverseTemperature);
            exponentials.CopyTo(weights[at..]);
            sums += exponentials;
        }

        if (at < logits.Length)
        {
            // The rest goes through a vector too: a scalar exponential rounds differently, and would break ties by place.
            Span<float> rest = stackalloc float[Vector512<float>.Count];
            rest.Fill(float.NegativeInfinity);
            logits[at..].CopyTo(rest);
            var exponentials = Exponentials(rest, most, inverseTemperature);
            exponentials.CopyTo(rest);
            rest[..(logits.Length - at)].CopyTo(weights[at..]);
            sums += exponentials;
        }

        return Vector512.Sum(sums);
    }

    private static Vector512<float> Exponentials(ReadOnlySpan<float> logits, float most, float inverseTemperature) =>
        Exponential.Of((Vector512.Create(logits) - Vector512.Create(most)) * inverseTemperature);

    private int Pick(double target)
    {
        var block = 0;
        while (block < _blocks.Length - 1 && target >= _blocks[block]) target -= _blocks[block++];
        var (first, end) = (block * BlockSize, Math.Min(vocabulary, (block + 1) * BlockSize));
        for (var id = first; id < end; id++)
        {
            target -= _weights_V[id];
            if (target < 0) return id;
        }

        // Rounding left a crumb beyond the last weight.
        return _weights_V.AsSpan(0, end).LastIndexOfAnyExcept(0f);
    }
}
