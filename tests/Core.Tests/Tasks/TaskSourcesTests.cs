using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

public class TaskSourcesTests
{
    private static readonly TrainingTask Task = new(TaskId.Parse("a"), "", "1+1=", "2");
    private static readonly TaskFileContent Content = new([Task], []);

    [Fact]
    public void Procedural_tasks_bring_their_held_out_ones()
    {
        var sets = TaskSources.Read(new RunSpec(), (_, _, _) => throw new InvalidOperationException("no file is named"));
        Assert.Equal(1024, sets.Training.Count);
        Assert.Equal(1000, sets.Evaluation.Count);
    }

    [Fact]
    public void Files_are_read_by_the_caller_who_is_told_which_member_names_them()
    {
        var spec = new RunSpec { Model = new ModelSpec { Source = "hf:x" }, Tasks = new TaskSpec { Source = "train.jsonl", PerStep = 1 }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        var asked = new List<string>();
        TaskSources.Read(spec, (member, source, _) => { asked.Add($"{member}={source}"); return new TaskFileContent([Task with { Prompt = source }], []); });
        Assert.Equal(["tasks.source=train.jsonl", "evaluation.tasks=held.jsonl"], asked);
    }

    [Fact]
    public void Errors_of_both_members_are_listed_together()
    {
        var spec = new RunSpec { Tasks = new TaskSpec { Source = "arithmetic:mul3?pol=1" }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        var error = Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, (member, _, _) => throw new InvalidInputException(member, "is not there")));
        Assert.Contains(error.Errors, e => e.Problem.Contains("mul3", StringComparison.Ordinal));
        Assert.Contains(error.Errors, e => e.Problem.Contains("pol=1", StringComparison.Ordinal));
        Assert.Contains(error.Errors, e => e.Place == "evaluation.tasks");
    }

    [Fact]
    public void Files_have_the_layout_of_their_member_and_evaluation_that_of_the_training_tasks_by_default()
    {
        var (training, evaluation) = (new TaskLayout { Preset = "gsm8k" }, new TaskLayout { Preset = "aime" });
        var spec = new RunSpec { Model = new ModelSpec { Source = "hf:x" }, Tasks = new TaskSpec { Source = "train.jsonl", Layout = training, PerStep = 1 }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        Assert.Equal([training, training], Asked(spec));
        Assert.Equal([training, evaluation], Asked(spec with { Evaluation = spec.Evaluation with { Layout = evaluation } }));

        static List<TaskLayout?> Asked(RunSpec spec)
        {
            var asked = new List<TaskLayout?>();
            TaskSources.Read(spec, (_, source, layout) => { asked.Add(layout); return new TaskFileContent([Task with { Prompt = source }], []); });
            return asked;
        }
    }

    [Fact]
    public void Tasks_that_are_trained_on_and_evaluated_are_refused_or_left_out_or_kept_as_the_spec_says()
    {
        var spec = new RunSpec { Model = new ModelSpec { Source = "hf:x" }, Tasks = new TaskSpec { Source = "train.jsonl", PerStep = 1 }, Evaluation = new EvaluationSpec { Tasks = "held.jsonl" } };
        var training = new TaskFileContent([Task, Task with { Id = TaskId.Parse("b"), Prompt = "2+2=" }], []);
        var evaluation = new TaskFileContent([Task with { Prompt = " 1+1= " }], []);
        TaskFileContent File(string member, string source, TaskLayout? layout) => member == "tasks.source" ? training : evaluation;

        var refused = Assert.Single(Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, File)).Errors);
        Assert.Equal("evaluation.tasks", refused.Place);
        Assert.Contains("1 of the 2 training tasks are there too (a)", refused.Problem, StringComparison.Ordinal);
        var dropped = TaskSources.Read(spec with { Evaluation = spec.Evaluation with { Overlap = "drop" } }, File);
        Assert.Equal(["b"], dropped.Training.Select(task => task.Id.Value));
        Assert.Single(dropped.Notes);
        Assert.Equal(2, TaskSources.Read(spec with { Evaluation = spec.Evaluation with { Overlap = "keep" } }, File).Training.Count);
    }

    [Theory]
    [InlineData(2, 0, "tasks.perStep")]
    [InlineData(1, 5, "evaluation.tasks")]
    public void A_spec_that_its_tasks_do_not_fit_is_refused(int perStep, int every, string place)
    {
        var spec = new RunSpec { Model = new ModelSpec { Source = "hf:x" }, Tasks = new TaskSpec { Source = "train.jsonl", PerStep = perStep }, Evaluation = new EvaluationSpec { Every = every } };
        var error = Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, (_, _, _) => Content));
        Assert.Equal(place, Assert.Single(error.Errors).Place);
    }
}
