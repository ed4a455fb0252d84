using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Collect;

public class EvaluationStatisticsTests
{
    [Fact]
    public void Pass_at_k_equals_the_share_of_all_subsets_that_hold_a_right_answer()
    {
        for (var n = 1; n <= 8; n++)
            for (var correct = 0; correct <= n; correct++)
                for (var k = 1; k <= n; k++)
                {
                    var subsets = Enumerable.Range(0, 1 << n).Where(set => System.Numerics.BitOperations.PopCount((uint)set) == k).ToList();
                    var right = subsets.Count(set => (set & ((1 << correct) - 1)) != 0);
                    Assert.Equal((double)right / subsets.Count, PassAtK.Estimate(n, correct, k), 12);
                }
    }

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(4, new[] { 1, 4 })]
    [InlineData(16, new[] { 1, 4, 16 })]
    [InlineData(10, new[] { 1, 4, 10 })]
    public void Reported_k_end_with_n(int n, int[] ks) => Assert.Equal(ks, PassAtK.ReportedFor(n));

    [Fact]
    public void The_interval_covers_the_true_mean_about_19_times_in_20()
    {
        var covered = Enumerable.Range(0, 400).Count(trial =>
        {
            var random = new CounterRandom((ulong)trial);
            var sample = Enumerable.Range(0, 60).Select(_ => random.NextDouble() < 0.3 ? 1.0 : 0.0).ToArray();
            var (low, high) = Bootstrap.MeanInterval95(sample, (ulong)trial);
            return low <= 0.3 && 0.3 <= high;
        });
        Assert.InRange(covered, 360, 395);
    }

    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(2, 4.3027)]
    [InlineData(3, 3.1824)]
    [InlineData(4, 2.7764)]
    [InlineData(9, 2.2622)]
    [InlineData(30, 2.0423)]
    public void Student_quantiles_are_those_of_the_tables(int degrees, double quantile) =>
        Assert.InRange(StudentInterval.Quantile975(degrees) / quantile, 0.995, 1.005);

    [Fact]
    public void The_student_interval_of_five_values_covers_the_true_mean_19_times_in_20()
    {
        var covered = Enumerable.Range(0, 2000).Count(trial =>
        {
            var random = new CounterRandom((ulong)trial);
            var sample = Enumerable.Range(0, 5).Select(_ => Enumerable.Range(0, 12).Sum(_ => random.NextDouble())).ToArray();
            var (low, high) = StudentInterval.MeanInterval95(sample);
            return low <= 6 && 6 <= high;
        });
        Assert.InRange(covered, 1870, 1930);
    }
}
