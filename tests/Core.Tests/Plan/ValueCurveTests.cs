using CsCheck;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

public class ValueCurveTests
{
    private static readonly Gen<double> Count = Gen.OneOf(Gen.Double[0.01, 50], Gen.Double[1_000, 1e6]);

    [Fact]
    public void The_point_value_is_the_papers() =>
        Gen.Select(Problems.Rate, Gen.Int[0, 200]).Sample((p, n) =>
            Assert.Equal(Problems.PointValue(p, n), ValueCurve.Point(p).Total(n), 1e-15));

    [Fact]
    public void The_posterior_value_is_its_closed_form() =>
        Gen.Select(Count, Count, Gen.Int[0, 200]).Sample((a, b, n) =>
            Assert.Equal(Problems.PosteriorValue(a, b, n), ValueCurve.Posterior(a, b).Total(n), 1e-9));

    [Fact]
    public void The_posterior_value_is_the_mean_of_the_point_value_over_the_posterior()
    {
        const int grid = 200_000;
        double weight = 0, mean = 0, mixed = 0;
        for (var i = 0; i < grid; i++)
        {
            var p = (i + 0.5) / grid;
            var density = Math.Pow(p, 1.5) * Math.Pow(1 - p, 3.2);
            weight += density;
            mean += density * Problems.PointValue(p, 9);
            mixed += density * (1 - Math.Pow(p, 9) - Math.Pow(1 - p, 9));
        }

        Assert.Equal(mean / weight, ValueCurve.Posterior(2.5, 4.2).Total(9), 1e-9);
        Assert.Equal(mixed / weight, ValueCurve.MixedPosterior(2.5, 4.2).Total(9), 1e-9);
    }

    [Fact]
    public void With_much_evidence_the_posterior_value_is_the_point_value() =>
        Gen.Select(Gen.Double[0.05, 0.95], Gen.Int[2, 128]).Sample((p, n) =>
            Assert.Equal(ValueCurve.Point(p).Total(n), ValueCurve.Posterior(p * 1e12, (1 - p) * 1e12).Total(n), 1e-9));

    [Fact]
    public void Every_further_rollout_is_worth_no_more_than_the_one_before() =>
        Gen.Select(Count, Count, Problems.Rate).Sample((a, b, p) =>
        {
            foreach (var curve in new[] { ValueCurve.Posterior(a, b), ValueCurve.Point(p), ValueCurve.Continued(a, b, 3, 0), ValueCurve.Continued(a, b, 0, 2) })
                for (var n = curve.Worthless; n < 60; n++)
                    Assert.True(curve.Marginal(n + 1) <= curve.Marginal(n));
        });

    [Fact]
    public void A_group_of_one_is_worth_nothing()
    {
        Assert.Equal(0, ValueCurve.Posterior(2, 3).Total(1));
        Assert.Equal(0, ValueCurve.Posterior(2, 3).Marginal(0));
        Assert.Equal(0, ValueCurve.MixedPoint(0.5).Total(1));
    }

    [Fact]
    public void A_certain_task_is_worth_nothing()
    {
        Assert.Equal(0, ValueCurve.Point(0).Total(128));
        Assert.Equal(0, ValueCurve.Point(1).Total(128));
    }

    [Fact]
    public void A_continued_group_is_worth_what_its_chance_of_mixing_adds() =>
        Gen.Select(Gen.Double[0.1, 20], Gen.Double[0.1, 20], Gen.Int[0, 40]).Sample((a, b, n) =>
        {
            double success = Problems.Moment(a, b, 1, 2) - Problems.Moment(a, b, 1 + n, 2);
            double failure = Problems.Moment(a, b, 1, 2) - Problems.Moment(a, b, 1, 2 + n);
            Assert.Equal(success, ValueCurve.Continued(a, b, 4, 0).Total(n), 1e-12);
            Assert.Equal(failure, ValueCurve.Continued(a, b, 0, 4).Total(n), 1e-12);
            Assert.Equal(0, ValueCurve.Continued(a, b, 1, 3).Total(n));
            Assert.Equal(1 - Problems.Moment(a, b, n, 0), ValueCurve.MixedContinued(a, b, 4, 0).Total(n), 1e-12);
            Assert.Equal(1 - Problems.Moment(a, b, 0, n), ValueCurve.MixedContinued(a, b, 0, 4).Total(n), 1e-12);
        });

    [Fact]
    public void Tiny_and_huge_counts_stay_finite_and_positive()
    {
        foreach (var (a, b) in new[] { (1e-9, 1e-9), (1e-300, 1.0), (1e15, 1e15), (1e15, 1e-3), (1.0, 1e12) })
            Assert.All([ValueCurve.Posterior(a, b).Total(128), ValueCurve.MixedPosterior(a, b).Total(128)], value => Assert.InRange(value, 0, 1));
    }
}
