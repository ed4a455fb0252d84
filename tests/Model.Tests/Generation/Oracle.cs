using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

/// <summary>Generation as simple as it can be: one rollout at a time, the whole sequence anew for every token, doubles, a full sort.</summary>
internal static class Oracle
{
    public static Completion Generate(DecoderModel model, int[] promptIds, ulong seed, SamplingSpec sampling)
    {
        using var inference = inference_mode();
        var ids = promptIds.Select(id => (long)id).ToList();
        var (logProbs, modelLogProbs) = (new List<float>(), new List<float>());
        while (true)
        {
            var logits = LastLogits(model, ids);
            var sampled = Distribution(logits, sampling);
            var id = sampling.Temperature == 0 ? Array.IndexOf(logits, logits.Max()) : Pick(sampled, CounterRandom.UniformAt(seed, (ulong)logProbs.Count));
            ids.Add(id);
            logProbs.Add((float)Math.Log(sampled[id]));
            modelLogProbs.Add((float)Math.Log(Distribution(logits, new SamplingSpec())[id]));
            var ended = model.Config.EosTokenIds.Contains(id);
            if (ended || logProbs.Count == sampling.MaxTokens)
                return new Completion([.. ids.Skip(promptIds.Length).Select(token => (int)token)], [.. logProbs], [.. modelLogProbs], ended ? StopReason.Eos : StopReason.Length);
        }
    }

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
