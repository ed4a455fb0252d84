using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Core.Tests.Estimate;

public class RunEstimateTests
{
    private static readonly ForecastRange Half = new(0.5, 0.5, 0.5);

    private static readonly OutcomeForecast Outcomes = new()
    {
        Steps = 10,
        Worlds = 8,
        RolloutsPerStep = 512,
        GroupsPerStep = 64,
        MixedRolloutsPerStep = 256,
        TokensPerStep = 512 * 100,
        MeanReward = Half,
        EffectiveGradientRatio = Half,
        EffectivePromptRatio = Half,
    };

    private static GpuProfile Gpu(string name) => GpuProfile.All.Single(gpu => gpu.Name == name);

    [Fact]
    public void Measured_rates_are_taken_as_they_are()
    {
        var spec = new RunSpec { Steps = 20, Evaluation = new EvaluationSpec { Every = 10, Samples = 4 } };
        var estimate = RunEstimate.Make(spec, Outcomes, evaluation: 8, promptTokens: 50, workers: 2, new MeasuredCompute(1000, 500, StepOverhead: 0.25, "here"));
        // Policies 0, 10 and 20 are evaluated.
        Assert.Equal((20 * 512.0, 3 * 8 * 4.0), (estimate.Rollouts, estimate.EvaluationRollouts));
        Assert.Equal(((20 * 512.0) + (3 * 32)) * 100, estimate.Tokens);
        Assert.Equal(estimate.Tokens / 2000, estimate.SecondsGenerating, 1e-9);
        Assert.Equal(20 * 256 * 100 / 500.0, estimate.SecondsLearning, 1e-9);
        Assert.Equal(20 * 0.25, estimate.SecondsOther, 1e-9);
    }

    /// <summary>A 1.5B model, small batches: each token of 8 rows waits for 6 GB of weights.</summary>
    [Fact]
    public void Few_rows_are_bound_by_memory_bandwidth()
    {
        var gpu = new GpuCompute(new ModelOutline(1_500_000_000, Layers: 1, 14_336), Gpu("a100"));
        var seconds = gpu.SecondsGenerating(new StepWork(Rollouts: 8, Groups: 0, PromptTokens: 0, Tokens: 8_000, LearnedTokens: 0), workers: 1);
        var reading = 1000 * 6e9 / 1.935e12 / 0.5;
        Assert.InRange(seconds, reading, 1.1 * reading);
    }

    [Fact]
    public void Many_rows_are_bound_by_arithmetic_and_learning_always_is()
    {
        var gpu = new GpuCompute(new ModelOutline(100_000_000, 12, 100), Gpu("t4"));
        var work = new StepWork(Rollouts: 1024, Groups: 0, PromptTokens: 0, Tokens: 102_400, LearnedTokens: 51_200);
        var computing = 102_400 * 2e8 / 8.1e12 / 0.5;
        Assert.InRange(gpu.SecondsGenerating(work, workers: 1), computing, 1.1 * computing);
        Assert.Equal(51_200 * 6e8 / 8.1e12 / 0.5, gpu.SecondsLearning(work), 1e-9);
    }

    [Fact]
    public void More_workers_and_a_larger_gpu_take_less_time()
    {
        var work = new StepWork(512, 64, 200, 512 * 500, 256 * 500);
        var model = new ModelOutline(500_000_000, 24, 12_288);
        var (t4, a100) = (new GpuCompute(model, Gpu("t4")), new GpuCompute(model, Gpu("a100")));
        Assert.True(t4.SecondsGenerating(work, 4) < t4.SecondsGenerating(work, 1) / 1.5);
        Assert.True(a100.SecondsGenerating(work, 1) < t4.SecondsGenerating(work, 1) / 2);
        Assert.True(a100.SecondsLearning(work) < t4.SecondsLearning(work) / 2);
    }

    [Fact]
    public void A_model_that_cannot_be_trained_there_is_refused()
    {
        var error = Assert.Throws<InvalidInputException>(() => new GpuCompute(new ModelOutline(1_500_000_000, 28, 14_336), Gpu("t4")));
        Assert.Contains("24 GB", error.Message, StringComparison.Ordinal);
        Assert.Contains("larger GPU", error.Message, StringComparison.Ordinal);
    }
}
