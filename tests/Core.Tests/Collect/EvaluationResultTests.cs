using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Collect;

public class EvaluationResultTests
{
    [Fact]
    public void Families_and_difficulties_are_measured_apart_as_all_tasks_are()
    {
        var (tasks, rewards) = Made(("add1", 1), ("add1", 1), ("add2", 0), ("sub2", 1), ("Algebra/Level 2", 0), ("words", 0));
        var result = EvaluationResult.Of(tasks, rewards, 1);
        Assert.Equal((4, 6, 0.5), (result.Samples, result.All.Tasks, result.All.MeanAtN));
        Assert.Equal([("Algebra/Level 2", 2, 0), ("add1", 1, 1), ("add2", 2, 0), ("sub2", 2, 1), ("words", null, 0)], result.Families.Select(part => (part.Family, part.Difficulty, part.Measure.MeanAtN)));
        Assert.Equal([(1, 2, 1.0), (2, 3, 1 / 3.0)], result.Difficulties.Select(part => (part.Difficulty!.Value, part.Measure.Tasks, part.Measure.MeanAtN)));
    }

    [Fact]
    public void Every_mean_lies_in_its_interval_and_one_task_has_none_around_it()
    {
        var (tasks, rewards) = Made([.. Enumerable.Range(0, 40).Select(i => ($"sum{2 + (i % 3)}", i % 2 == 0 ? 1.0 : 0.25)), ("sum9", 1)]);
        var result = EvaluationResult.Of(tasks, rewards, 1);
        Assert.All([result.All, .. result.Families.Select(part => part.Measure), .. result.Difficulties.Select(part => part.Measure)], measure =>
        {
            Assert.InRange(measure.MeanAtN, measure.Ci95.Low, measure.Ci95.High);
            Assert.Equal([1, 4], measure.PassAtK.Keys.Order());
            Assert.All(measure.PassAtK.Values, pass => Assert.InRange(pass.Mean, pass.Ci95.Low, pass.Ci95.High));
        });
        Assert.True(result.All.Ci95.Low < result.All.Ci95.High);
        Assert.Equal((1, 1), result.Families.Single(part => part.Family == "sum9").Measure.Ci95);
        // 0.25 is right in one of four rollouts: half of the tasks at 1, half at 1/4.
        Assert.Equal(1, result.All.PassAtK[4].Mean);
    }

    /// <summary>Four rollouts a task, of which the share given are right.</summary>
    private static (IReadOnlyList<TrainingTask> Tasks, IReadOnlyList<double[]> Rewards) Made(params (string Family, double Share)[] rows) =>
        ([.. rows.Select((row, i) => new TrainingTask(TaskId.Parse($"t{i}"), row.Family, "", ""))], [.. rows.Select(row => Enumerable.Range(0, 4).Select(i => i < 4 * row.Share ? 1.0 : 0).ToArray())]);
}
