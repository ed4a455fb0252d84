using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Transformer;

/// <summary>
/// The decoders again, from a checkpoint's tensors by their public names, in plain loops of doubles: written from the
/// architectures' descriptions and sharing nothing with the tensor code.
/// </summary>
internal sealed class PlainDecoder(ModelConfig config, SafetensorsReader weights)
{
    private readonly Dictionary<string, double[]> _weights = weights.Header.Tensors.Keys.ToDictionary(name => name, name =>
    {
        using var scope = NewDisposeScope();
        return weights.Read(name).to(ScalarType.Float64).data<double>().ToArray();
    });

    /// <summary>Logits after every token of a sequence from position 0.</summary>
    public double[][] Logits(int[] ids)
    {
        var x = ids.Select(id => W("model.embed_tokens.weight").AsSpan(id * config.HiddenSize, config.HiddenSize).ToArray()).ToArray();
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var name = $"model.layers.{layer}.";
            Add(x, Attention([.. x.Select(row => Norm(row, W($"{name}input_layernorm.weight")))], $"{name}self_attn."));
            Add(x, [.. x.Select(row => FeedForward(Norm(row, W($"{name}post_attention_layernorm.weight")), $"{name}mlp."))]);
        }

        var head = config.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
        return [.. x.Select(row => Times(W(head), Norm(row, W("model.norm.weight"))))];
    }

    private double[][] Attention(double[][] x, string name)
    {
        var size = config.HeadDim;
        var (q, k, v) = (Heads("q"), Heads("k"), Heads("v"));
        return [.. x.Select((_, t) => Times(W($"{name}o_proj.weight"), [.. Enumerable.Range(0, config.NumAttentionHeads).SelectMany(head => Attended(t, head))]))];

        // [position][head]
        double[][][] Heads(string kind) => [.. x.Select((row, position) =>
        {
            var projected = Times(W($"{name}{kind}_proj.weight"), row);
            if (_weights.TryGetValue($"{name}{kind}_proj.bias", out var bias)) projected = [.. projected.Zip(bias, (a, b) => a + b)];
            return projected.Chunk(size).Select(head =>
            {
                if (_weights.TryGetValue($"{name}{kind}_norm.weight", out var norm)) head = Norm(head, norm);
                return kind == "v" ? head : Rotate(head, position);
            }).ToArray();
        })];

        double[] Attended(int t, int head)
        {
            var keyHead = head / (config.NumAttentionHeads / config.NumKeyValueHeads);
            var scores = Enumerable.Range(0, t + 1).Select(s => Math.Exp(q[t][head].Zip(k[s][keyHead], (a, b) => a * b).Sum() / Math.Sqrt(size))).ToArray();
            return [.. Enumerable.Range(0, size).Select(i => scores.Select((score, s) => score / scores.Sum() * v[s][keyHead][i]).Sum())];
        }
    }

    private double[] Rotate(double[] head, int position)
    {
        var half = head.Length / 2;
        var turned = new double[head.Length];
        for (var i = 0; i < half; i++)
        {
            var (angle, magnitude) = (position * Frequency(i), Magnitude);
            turned[i] = magnitude * (head[i] * Math.Cos(angle) - head[i + half] * Math.Sin(angle));
            turned[i + half] = magnitude * (head[i + half] * Math.Cos(angle) + head[i] * Math.Sin(angle));
        }

        return turned;
    }

    private double Magnitude => config.RopeScaling is RopeScaling.Yarn yarn ? yarn.AttentionFactor ?? 1 + 0.1 * Math.Log(yarn.Factor) : 1;

    private double Frequency(int pair)
    {
        var plain = Math.Pow(config.RopeTheta, -2.0 * pair / config.HeadDim);
        return config.RopeScaling switch
        {
            RopeScaling.Llama3 llama => Llama3(plain, llama),
            RopeScaling.Yarn yarn => Yarn(plain, pair, yarn),
            _ => plain,
        };
    }

    private static double Llama3(double plain, RopeScaling.Llama3 scaling)
    {
        var wavelength = 2 * Math.PI / plain;
        if (wavelength < scaling.OriginalPositions / scaling.HighFrequencyFactor) return plain;
        if (wavelength > scaling.OriginalPositions / scaling.LowFrequencyFactor) return plain / scaling.Factor;
        var smooth = (scaling.OriginalPositions / wavelength - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * plain / scaling.Factor + smooth * plain;
    }

    private double Yarn(double plain, int pair, RopeScaling.Yarn scaling)
    {
        double Dimension(double rotations) =>
            config.HeadDim * Math.Log(scaling.OriginalPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
        var low = Math.Max(0, Math.Floor(Dimension(scaling.BetaFast)));
        var high = Math.Min(config.HeadDim - 1, Math.Ceiling(Dimension(scaling.BetaSlow)));
        if (low == high) high += 0.001;
        var ramp = Math.Max(0, Math.Min(1, (pair - low) / (high - low)));
        return plain / scaling.Factor * ramp + plain * (1 - ramp);
    }

    private double[] FeedForward(double[] x, string name)
    {
        var (gate, up) = (Times(W($"{name}gate_proj.weight"), x), Times(W($"{name}up_proj.weight"), x));
        return Times(W($"{name}down_proj.weight"), [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] Norm(double[] x, double[] weight)
    {
        var root = Math.Sqrt(x.Sum(value => value * value) / x.Length + config.RmsNormEps);
        return [.. x.Zip(weight, (value, factor) => value / root * factor)];
    }

    /// <summary>Matrix by vector; rows are as long as the vector.</summary>
    private static double[] Times(double[] matrix, double[] vector) =>
        [.. Enumerable.Range(0, matrix.Length / vector.Length).Select(row => vector.Select((value, i) => value * matrix[row * vector.Length + i]).Sum())];

    private static void Add(double[][] to, double[][] what)
    {
        for (var row = 0; row < to.Length; row++)
        {
            for (var i = 0; i < to[row].Length; i++) to[row][i] += what[row][i];
        }
    }

    private double[] W(string name) => _weights[name];
}
