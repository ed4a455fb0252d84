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

    /// <summary>A 1.5B model, small batches: each token of 8 rows waits for 3 GB of weights.</summary>
    [Fact]
    public void Few_rows_are_bound_by_memory_bandwidth()
    {
        var gpu = new GpuCompute(new ModelOutline(1_500_000_000, Layers: 1, 14_336), Gpu("a100"), new RunSpec());
        var seconds = gpu.SecondsGenerating(new StepWork(Rollouts: 8, Groups: 0, PromptTokens: 0, Tokens: 8_000, LearnedTokens: 0), workers: 1);
        var reading = 1000 * 3e9 / 1.935e12 / 0.5;
        Assert.InRange(seconds, reading, 1.1 * reading);
    }

    [Fact]
    public void Many_rows_are_bound_by_arithmetic_and_learning_always_is()
    {
        var gpu = new GpuCompute(new ModelOutline(100_000_000, 12, 100), Gpu("t4"), new RunSpec());
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
        var (t4, a100) = (new GpuCompute(model, Gpu("t4"), new RunSpec()), new GpuCompute(model, Gpu("a100"), new RunSpec()));
        Assert.True(t4.SecondsGenerating(work, 4) < t4.SecondsGenerating(work, 1) / 1.5);
        Assert.True(a100.SecondsGenerating(work, 1) < t4.SecondsGenerating(work, 1) / 2);
        Assert.True(a100.SecondsLearning(work) < t4.SecondsLearning(work) / 2);
    }

    [Fact]
    public void Bfloat16_and_an_adapter_learn_in_less_time()
    {
        var model = new ModelOutline(500_000_000, 24, 12_288);
        var work = new StepWork(512, 64, 200, 512 * 500, 256 * 500);
        Assert.Equal(312 / 19.5, Learning(new RunSpec()) / Learning(new RunSpec { Learning = new LearningSpec { Precision = "bfloat16" } }), 1e-9);
        Assert.Equal(6 / 4.0, Learning(new RunSpec()) / Learning(new RunSpec { Model = new ModelSpec { Adapter = new AdapterSpec() } }), 1e-9);

        double Learning(RunSpec spec) => new GpuCompute(model, Gpu("a100"), spec).SecondsLearning(work);
    }

    /// <summary>With a lag the slower of the two counts, where they are machines of their own.</summary>
    [Theory]
    [InlineData(0, true, 60 + 40 + 20)]
    [InlineData(1, true, 60 + 20)]
    [InlineData(1, false, 60 + 40 + 20)]
    public void Workers_and_learner_work_at_once_where_the_lag_allows_it(int maxLag, bool areApart, double seconds)
    {
        var spec = new RunSpec { Steps = 20, Evaluation = new EvaluationSpec { Every = 0 }, Learning = new LearningSpec { MaxLag = maxLag } };
        Assert.Equal(seconds, RunEstimate.Make(spec, Outcomes, evaluation: 0, promptTokens: 0, workers: 1, new FixedCompute(3, 2, 1, areApart)).Seconds, 1e-9);
    }

    [Fact]
    public void A_model_that_cannot_be_trained_there_is_refused()
    {
        var error = Assert.Throws<InvalidInputException>(() => Compute(new RunSpec()));
        Assert.Contains("30 GB", error.Message, StringComparison.Ordinal);
        Assert.Contains("larger GPU", error.Message, StringComparison.Ordinal);
        Assert.Contains("21 GB", Assert.Throws<InvalidInputException>(() => Compute(new RunSpec { Learning = new LearningSpec { OptimiserStates = "8bit" } })).Message, StringComparison.Ordinal);
        Assert.Contains("18 GB", Assert.Throws<InvalidInputException>(() => Compute(new RunSpec { Learning = new LearningSpec { OptimiserStates = "host" } })).Message, StringComparison.Ordinal);
        Compute(new RunSpec { Model = new ModelSpec { Adapter = new AdapterSpec() } });

        static GpuCompute Compute(RunSpec spec) => new(new ModelOutline(1_500_000_000, 28, 14_336), Gpu("t4"), spec);
    }

    /// <summary>By hand from the price list: a T4 replica is 0.263 + 8 x 0.0864 + 56 x 0.0108 = 1.559 an hour.</summary>
    [Fact]
    public void A_run_is_priced_by_the_list()
    {
        var spec = new RunSpec { Steps = 3600, Evaluation = new EvaluationSpec { Every = 0 } };
        var estimate = RunEstimate.Make(spec, Outcomes, evaluation: 0, promptTokens: 0, workers: 2, new MeasuredCompute(51_200 / 2.0, 25_600 * 1e9, StepOverhead: 1, "here"));
        Assert.Equal(2 * 3600, estimate.Seconds, 0.1);
        var price = PriceList.Current.Of(estimate, "t4", itemsPerStep: 4);
        Assert.Equal(1.559, PriceList.Current.ReplicaPerHour("t4"), 1e-9);
        Assert.Equal(2 * 2 * 1.559, price.Workers, 1e-3);
        Assert.Equal(2 * 1.559, price.Learner, 1e-3);
        Assert.Equal(2 / 730.0 * 10, price.ServiceBus, 1e-3);
        Assert.Equal(3600 * 2 * 0.000026, price.Functions, 1e-3);
        Assert.Equal(price.Workers + price.Learner + price.ServiceBus + price.Functions, price.Total);
    }

    [Fact]
    public void Every_gpu_that_is_estimated_has_a_price() =>
        Assert.Equal(GpuProfile.All.Select(gpu => gpu.Name), PriceList.Current.Names);

    private sealed record FixedCompute(double Generating, double Learning, double StepOverhead, bool AreApart) : IComputeModel
    {
        public string Source => "given";

        public double SecondsGenerating(StepWork work, int workers) => Generating;

        public double SecondsLearning(StepWork work) => Learning;
    }
}
