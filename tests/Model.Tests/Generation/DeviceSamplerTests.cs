using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

/// <summary>The sampler of a GPU, on the CPU: its operations are the same there.</summary>
public class DeviceSamplerTests
{
    private static readonly Gen<float[][]> Rows =
        from vocabulary in Gen.Int[1, 300]
        from rows in Gen.Int[-20, 20].Select(n => n / 4f).Array[vocabulary].Array[1, 6]
        select rows;

    private static readonly Gen<double> TopPs = Gen.Double[0, 1].Select(p => p > 0.7 ? 1 : p * 0.97 + 0.0137);

    [Fact]
    public void Every_row_is_drawn_from_the_distribution_of_the_oracle() =>
        Gen.Select(Rows, Gen.Double[0, 0.999999], Gen.Double[0.3, 3].Select(t => t > 2 ? 1 : t), TopPs, Gen.Int[0, 40]).Sample((rows, uniform, temperature, topP, topK) =>
        {
            var sampling = new SamplingSpec { Temperature = temperature, TopP = topP, TopK = topK };
            foreach (var (row, token) in rows.Zip(Sample(rows, sampling, uniform)))
            {
                var distribution = Oracle.Distribution(row, sampling);
                Assert.Equal(Math.Log(distribution[token.Id]), token.LogProb, 1e-4);
                Assert.Equal(Math.Log(Oracle.Distribution(row, new SamplingSpec())[token.Id]), token.ModelLogProb, 1e-4);
                var (below, above) = (Oracle.Pick(distribution, Math.Max(0, uniform - 1e-5)), Oracle.Pick(distribution, Math.Min(0.9999999, uniform + 1e-5)));
                Assert.InRange(token.Id, below, above);
            }
        }, iter: 500, threads: 1);

    [Fact]
    public void It_draws_what_the_sampler_of_the_CPU_draws()
    {
        var random = new CounterRandom(11);
        var rows = Enumerable.Range(0, 400).Select(_ => Enumerable.Range(0, 97).Select(_ => (float)(4 * random.NextDouble())).ToArray()).ToArray();
        var uniforms = rows.Select(_ => random.NextDouble()).ToArray();
        var mayNot = rows.Select(_ => random.NextDouble() < 0.5).ToArray();
        int[] forbidden = [.. Enumerable.Range(0, 60)];
        foreach (var sampling in (SamplingSpec[])[new(), new() { Temperature = 0 }, new() { Temperature = 0.6 }, new() { TopK = 7 }, new() { TopP = 0.7, TopK = 30 }])
        {
            var expected = rows.Select((row, i) => new Sampler(row.Length).Sample(row, sampling, uniforms[i], mayNot[i] ? forbidden : [])).ToList();
            using var scope = NewDisposeScope();
            var logits = tensor(rows.SelectMany(row => row).ToArray(), rows.Length, 97);
            var found = DeviceSampler.Sample(logits, sampling, uniforms, forbidden, mayNot);
            Assert.Equal(expected.Select(token => token.Id), found.Select(token => token.Id));
            Assert.All(expected.Zip(found), pair => Assert.Equal((pair.First.LogProb, pair.First.ModelLogProb), (pair.Second.LogProb, pair.Second.ModelLogProb), (a, b) => Math.Abs(a.LogProb - b.LogProb) < 1e-4 && Math.Abs(a.ModelLogProb - b.ModelLogProb) < 1e-4));
        }
    }

    [Fact]
    public void Greedy_takes_the_first_of_the_most_likely() =>
        Assert.Equal(1, Sample([[0, 2, 2, 1]], new SamplingSpec { Temperature = 0 }, 0.9)[0].Id);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_are_refused(float broken) =>
        Assert.Throws<InvalidOperationException>(() => Sample([[0, 1], [broken, 0]], new SamplingSpec(), 0.5));

    private static SampledToken[] Sample(float[][] rows, SamplingSpec sampling, double uniform)
    {
        using var scope = NewDisposeScope();
        var logits = tensor(rows.SelectMany(row => row).ToArray(), rows.Length, rows[0].Length);
        return DeviceSampler.Sample(logits, sampling, [.. rows.Select(_ => uniform)], [], new bool[rows.Length]);
    }
}
