using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

public class TaskSourcesTests
{
    private static readonly TrainingTask Task = new(TaskId.Parse("a"), "", "1+1=", "2");

    [Fact]
    public void Procedural_tasks_bring_their_held_out_ones()
    {
        var sets = TaskSources.Read(new RunSpec(), (_, _) => throw new InvalidOperationException("no file is named"));
        Assert.Equal(1024, sets.Training.Count);
        Assert.Equal(1000, sets.Evaluation.Count);
    }

    [Fact]
    public void Files_are_read_by_the_caller_who_is_told_which_member_names_them()
    {
        var spec = new RunSpec { Tasks = new TaskSpec { Source = "train.jsonl", PerStep = 1 }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        var asked = new List<string>();
        TaskSources.Read(spec, (member, source) => { asked.Add($"{member}={source}"); return [Task]; });
        Assert.Equal(["tasks.source=train.jsonl", "evaluation.tasks=held.jsonl"], asked);
    }

    [Fact]
    public void Errors_of_both_members_are_listed_together()
    {
        var spec = new RunSpec { Tasks = new TaskSpec { Source = "arithmetic:mul3?pol=1" }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        var error = Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, (member, _) => throw new InvalidInputException(member, "is not there")));
        Assert.Contains(error.Errors, e => e.Problem.Contains("mul3", StringComparison.Ordinal));
        Assert.Contains(error.Errors, e => e.Problem.Contains("pol=1", StringComparison.Ordinal));
        Assert.Contains(error.Errors, e => e.Place == "evaluation.tasks");
    }

    [Theory]
    [InlineData(2, 0, "tasks.perStep")]
    [InlineData(1, 5, "evaluation.tasks")]
    public void A_spec_that_its_tasks_do_not_fit_is_refused(int perStep, int every, string place)
    {
        var spec = new RunSpec { Tasks = new TaskSpec { Source = "train.jsonl", PerStep = perStep }, Evaluation = new EvaluationSpec { Every = every } };
        var error = Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, (_, _) => [Task]));
        Assert.Equal(place, Assert.Single(error.Errors).Place);
    }
}
