using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

/// <summary>Generation as simple as it can be: one rollout at a time, the whole sequence anew for every token, doubles, a full sort.</summary>
internal static class Oracle
{
    /// <param name="textOf">Of one token, where the sampling has stop texts.</param>
    public static Completion Generate(DecoderModel model, int[] promptIds, ulong seed, SamplingSpec sampling, Func<int, string>? textOf = null)
    {
        var text = "";
        using var inference = inference_mode();
        var ids = promptIds.Select(id => (long)id).ToList();
        var (logProbs, modelLogProbs) = (new List<float>(), new List<float>());
        while (true)
        {
            var logits = LastLogits(model, ids);
            var allowed = logProbs.Count + 1 < sampling.MinTokens ? Without(logits, [.. model.Config.EosTokenIds, .. sampling.StopTokens]) : logits;
            var sampled = Distribution(allowed, sampling);
            var id = sampling.Temperature == 0 ? Array.IndexOf(allowed, allowed.Max()) : Pick(sampled, CounterRandom.UniformAt(seed, (ulong)logProbs.Count));
            ids.Add(id);
            logProbs.Add((float)Math.Log(sampling.Temperature == 0 ? Distribution(logits, sampling)[id] : sampled[id]));
            modelLogProbs.Add((float)Math.Log(Distribution(logits, new SamplingSpec())[id]));
            if (Ended() is { } reason) return new Completion([.. ids.Skip(promptIds.Length).Select(token => (int)token)], [.. logProbs], [.. modelLogProbs], reason);

            StopReason? Ended()
            {
                var before = text.Length;
                text += textOf?.Invoke(id);
                if (model.Config.EosTokenIds.Contains(id)) return StopReason.Eos;
                var met = sampling.Stop.Any(stop => Enumerable.Range(before + 1, text.Length - before).Any(end => text[..end].EndsWith(stop, StringComparison.Ordinal)));
                if (sampling.StopTokens.Contains(id) || (met && logProbs.Count >= sampling.MinTokens)) return StopReason.Stop;
                return logProbs.Count == sampling.MaxTokens ? StopReason.Length : null;
            }
        }
    }

    /// <summary>The logits, minus infinity for these tokens.</summary>
    public static float[] Without(float[] logits, int[] forbidden) => [.. logits.Select((logit, id) => forbidden.Contains(id) ? float.NegativeInfinity : logit)];

    /// <summary>Probabilities of every token, zero for those that are cut off; of the model itself when greedy.</summary>
    public static double[] Distribution(float[] logits, SamplingSpec sampling)
    {
        var temperature = sampling.Temperature == 0 ? 1 : sampling.Temperature;
        double most = logits.Max();
        var probabilities = Normalised([.. logits.Select(logit => Math.Exp((logit - most) / temperature))]);
        if (sampling.Temperature == 0) return probabilities;
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).ToList();
        if (sampling.TopK > 0) probabilities = KeepOnly(order.Take(sampling.TopK));
        double mass = 0;
        return KeepOnly(order.TakeWhile(id =>
        {
            var wanted = mass < sampling.TopP;
            mass += probabilities[id];
            return wanted;
        }).ToList());

        double[] KeepOnly(IEnumerable<int> ids)
        {
            var kept = new double[logits.Length];
            foreach (var id in ids) kept[id] = probabilities[id];
            return Normalised(kept);
        }
    }

    public static int Pick(double[] probabilities, double uniform)
    {
        for (var id = 0; id < probabilities.Length; id++)
        {
            uniform -= probabilities[id];
            if (uniform < 0) return id;
        }

        return Array.FindLastIndex(probabilities, probability => probability > 0);
    }

    private static float[] LastLogits(DecoderModel model, List<long> ids)
    {
        using var scope = NewDisposeScope();
        return model.Logits(tensor(ids.ToArray(), 1, ids.Count))[0, -1].data<float>().ToArray();
    }

    private static double[] Normalised(double[] weights)
    {
        var total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }
}
