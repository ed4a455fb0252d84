using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation;

namespace KnapsackCloud.Model.Tests.Generation;

public class SamplerTests
{
    /// <summary>Steps of a quarter make many ties.</summary>
    private static readonly Gen<float[]> Logits = Gen.Int[-20, 20].Select(n => n / 4f).Array[1, 700];

    /// <summary>Off the simple fractions, which ties reach exactly: there rounding decides whether one more token is in the nucleus.</summary>
    private static readonly Gen<double> TopPs = Gen.Double[0, 1].Select(p => p > 0.9 ? 1 : p * 0.97 + 0.0137);

    [Fact]
    public void A_draw_and_its_log_probs_are_those_of_a_full_sort() =>
        Gen.Select(Logits, Gen.Double[0, 0.999999], Gen.Double[0.3, 3], TopPs, Gen.Int[0, 60]).Sample((logits, uniform, temperature, topP, topK) =>
        {
            var sampling = new SamplingSpec { Temperature = temperature, TopP = topP, TopK = topK };
            var token = new Sampler(logits.Length).Sample(logits, sampling, uniform);
            var distribution = Oracle.Distribution(logits, sampling);
            Assert.Equal(Math.Log(distribution[token.Id]), token.LogProb, 1e-4);
            Assert.Equal(Math.Log(Oracle.Distribution(logits, new SamplingSpec())[token.Id]), token.ModelLogProb, 1e-4);
            // A draw on the border of two tokens may round to either.
            var (below, above) = (Oracle.Pick(distribution, Math.Max(0, uniform - 1e-5)), Oracle.Pick(distribution, Math.Min(0.9999999, uniform + 1e-5)));
            Assert.InRange(token.Id, below, above);
        }, iter: 2_000);

    [Fact]
    public void The_plain_draw_is_that_of_the_oracle() =>
        Gen.Select(Logits, Gen.Double[0, 0.999999]).Sample((logits, uniform) =>
        {
            var token = new Sampler(logits.Length).Sample(logits, new SamplingSpec(), uniform);
            var distribution = Oracle.Distribution(logits, new SamplingSpec());
            Assert.InRange(token.Id, Oracle.Pick(distribution, Math.Max(0, uniform - 1e-5)), Oracle.Pick(distribution, uniform + 1e-5));
            Assert.Equal(Math.Log(distribution[token.Id]), token.LogProb, 1e-4);
            Assert.Equal(token.LogProb, token.ModelLogProb);
        }, iter: 2_000);

    [Fact]
    public void Greedy_takes_the_first_of_the_most_likely_and_says_the_models_log_prob()
    {
        var token = new Sampler(4).Sample([0, 2, 2, 1], new SamplingSpec { Temperature = 0, TopK = 1, TopP = 0.1 }, 0.99);
        Assert.Equal(1, token.Id);
        Assert.Equal(2 - Math.Log(1 + Math.E + 2 * Math.Exp(2)), token.LogProb, 1e-6);
        Assert.Equal(token.LogProb, token.ModelLogProb);
    }

    [Fact]
    public void Draws_follow_the_distribution()
    {
        float[] logits = [0, 1, -1, 2, 0.5f, -3, 1.5f, 0];
        AssertFollows(logits, new SamplingSpec());
        AssertFollows(logits, new SamplingSpec { Temperature = 2 });
        AssertFollows(logits, new SamplingSpec { Temperature = 0.7, TopK = 5 });
        AssertFollows(logits, new SamplingSpec { TopP = 0.8 });
    }

    [Fact]
    public void A_token_of_minus_infinity_is_never_drawn()
    {
        var sampler = new Sampler(3);
        for (ulong n = 0; n < 1000; n++) Assert.Equal(1, sampler.Sample([float.NegativeInfinity, 5, float.NegativeInfinity], new SamplingSpec(), CounterRandom.UniformAt(1, n)).Id);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_no_numbers_are_refused(float broken)
    {
        var logits = new float[40];
        foreach (var at in new[] { 0, 20, 39 })
        {
            Array.Clear(logits);
            logits[at] = broken;
            Assert.Throws<InvalidOperationException>(() => new Sampler(40).Sample(logits, new SamplingSpec(), 0.5));
        }
    }

    /// <summary>Chi-square of 20,000 draws stays below the 1 in 10,000 quantile for 7 degrees of freedom.</summary>
    private static void AssertFollows(float[] logits, SamplingSpec sampling)
    {
        const int draws = 20_000;
        var sampler = new Sampler(logits.Length);
        var counts = new int[logits.Length];
        for (ulong n = 0; n < draws; n++) counts[sampler.Sample(logits, sampling, CounterRandom.UniformAt(3, n)).Id]++;
        var expected = Oracle.Distribution(logits, sampling);
        Assert.All(counts.Index(), item => Assert.Equal(expected[item.Index] == 0, item.Item == 0));
        Assert.InRange(counts.Index().Where(item => item.Item > 0).Sum(item => Math.Pow(item.Item - draws * expected[item.Index], 2) / (draws * expected[item.Index])), 0, 29.9);
    }
}
