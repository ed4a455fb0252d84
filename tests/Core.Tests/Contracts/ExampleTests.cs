using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Contracts;

public class ExampleTests
{
    public static TheoryData<string> Examples => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "examples")).Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_a_valid_spec_whose_answers_fit_its_completions(string name)
    {
        var spec = RunSpecReader.Read(name, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "examples", name)));
        var tasks = TaskSources.Read(spec, (_, file, _) => throw new InvalidOperationException($"{file} is not a procedural source"));

        Assert.NotEmpty(tasks.Evaluation);
        Assert.All(tasks.Training.Concat(tasks.Evaluation), task => Assert.InRange(task.Gold.Length + 1, 2, spec.Sampling.MaxTokens));
    }
}
