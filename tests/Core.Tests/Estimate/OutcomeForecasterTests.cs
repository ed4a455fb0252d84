using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Plan.Rounds;

namespace KnapsackCloud.Core.Tests.Estimate;

public class OutcomeForecasterTests
{
    private static readonly IReadOnlyList<TrainingTask> Tasks = [.. Enumerable.Range(0, 64).Select(i => new TrainingTask(TaskId.Parse($"t{i:D2}"), "f", "1+1=", "2"))];

    private static RunSpec Spec(string policy = "uniform", int steps = 400) => new()
    {
        Steps = steps,
        Tasks = new TaskSpec { PerStep = 16 },
        Allocation = new AllocationSpec { Policy = policy, RolloutsPerTask = 8 },
        Sampling = new SamplingSpec { MaxTokens = 30 },
    };

    private static List<TaskRecord> Ledger(Func<int, double> successes, double attempts) =>
    [
        .. Tasks.Select((task, i) => new TaskRecord
        {
            Task = task.Id,
            Family = task.Family,
            Successes = successes(i),
            Failures = attempts - successes(i),
            Visits = 1,
            LastSuccessRate = successes(i) / attempts,
            MeanCompletionTokens = 5,
            LastStep = 7,
        }),
    ];

    private static OutcomeForecast Forecast(RunSpec spec, IReadOnlyList<TaskRecord> ledger) =>
        OutcomeForecaster.Forecast(spec, Tasks, ledger, TestContext.Current.CancellationToken);

    /// <summary>Evenly spread success rates: a group of n is uniform with chance 2 / (n + 1).</summary>
    [Fact]
    public void Without_a_ledger_success_rates_are_spread_evenly()
    {
        var forecast = Forecast(Spec(), []);
        Assert.Equal(0.5, forecast.MeanReward.Mean, 0.05);
        Assert.Equal(1 - (2 / 9.0), forecast.EffectiveGradientRatio.Mean, 0.04);
        Assert.Equal((128.0, 16.0, 128.0 * 30), (forecast.RolloutsPerStep, forecast.GroupsPerStep, forecast.TokensPerStep));
    }

    /// <summary>With very much evidence the success rates are known: one in four tasks at 1/2, the others hardly ever right.</summary>
    [Fact]
    public void With_a_ledger_the_success_rates_are_those_it_saw()
    {
        var forecast = Forecast(Spec(), Ledger(i => i % 4 == 0 ? 5e7 : 1, 1e8));
        Assert.Equal(0.125, forecast.MeanReward.Mean, 0.005);
        Assert.Equal(0.25 * (1 - Math.Pow(0.5, 7)), forecast.EffectivePromptRatio.Mean, 0.002);
        Assert.Equal(128.0 * 5, forecast.TokensPerStep, 1e-9);
        Assert.True(forecast.EffectivePromptRatio.Low <= forecast.EffectivePromptRatio.Mean && forecast.EffectivePromptRatio.Mean <= forecast.EffectivePromptRatio.High);
    }

    [Fact]
    public void A_policy_that_allocates_is_expected_to_do_better_than_uniform()
    {
        // Half of the tasks are as good as certain.
        var ledger = Ledger(i => i % 2 == 0 ? 5e5 : 1e6, 1e6);
        Assert.Equal(0.5, Forecast(Spec("uniform"), ledger).EffectiveGradientRatio.Mean, 0.02);
        Assert.True(Forecast(Spec("posterior"), ledger).EffectiveGradientRatio.Mean > 0.8);
    }

    [Fact]
    public void Every_policy_is_forecast_within_its_budget()
    {
        foreach (var policy in RoundPolicies.Names)
        {
            var forecast = Forecast(Spec(policy, steps: 8), []);
            var most = 128 * RoundPolicies.Create(policy).BudgetFactorByDefault;
            Assert.True(forecast.RolloutsPerStep > 0 && forecast.RolloutsPerStep <= most, $"{policy}: {forecast.RolloutsPerStep} of {most}");
            Assert.Equal(8, forecast.Steps);
        }
    }

    [Fact]
    public void The_same_question_has_the_same_answer() => Assert.Equal(Forecast(Spec("rounds", 10), []), Forecast(Spec("rounds", 10), []));

    [Fact]
    public void A_budget_without_a_rollout_is_refused_as_the_run_would_be() =>
        Assert.Throws<InvalidInputException>(() => Forecast(Spec() with { Allocation = new AllocationSpec { Policy = "uniform", RolloutsPerTask = 8, BudgetFactor = 1e-6 } }, []));
}
