using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

/// <summary>What every procedural source keeps, with examples of what it asks.</summary>
public class FamiliesTests
{
    private const int Drawn = 400;

    public static TheoryData<string> Sources => ["countdown:count3-6", "fractions:frac1-5", "linear-equations:lin1-5", "sorting:sort2-9", "base-conversion:base1-6"];

    [Theory]
    [InlineData("countdown:count3", "Use each of the numbers 54, 58, 20 exactly once, with +, -, * and / and brackets, to make 132. Give the formula alone.", "54+20+58")]
    [InlineData("fractions:frac2", "What is 5/7 - 2/5? Give one fraction in lowest terms or a whole number.", "11/35")]
    [InlineData("linear-equations:lin3", "Solve for x: 6x - 13 = 5x. Give the value of x alone.", "13")]
    [InlineData("sorting:sort4", "Sort from least to greatest: 8, 17, -60, 62. Give the list alone.", "-60, 8, 17, 62")]
    [InlineData("base-conversion:base2", "Convert 58 from base 10 to base 4. Give the digits alone.", "322")]
    public void A_task_asks_and_its_gold_answer_answers(string source, string prompt, string gold)
    {
        var first = ProceduralSource.Parse(source).Build(1).Training[0];
        Assert.Equal((prompt, gold), (first.Prompt, first.Gold));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Every_gold_answer_verifies_and_a_gold_answer_of_another_task_never_does(string source) => Each(source, (verifier, tasks) =>
    {
        Assert.All(tasks, task => Assert.Equal(1, verifier.Score(task.Gold, task.Gold).Reward));
        Assert.All(tasks, task => Assert.Equal(1, verifier.Score(task.Gold, $"I think so: 7 and 12. The answer is \\boxed{{{task.Gold}}}.").Reward));
        Assert.All(tasks.Zip(tasks.Skip(1)).Where(pair => pair.First.Gold != pair.Second.Gold), pair =>
            Assert.Equal(0, verifier.Score(pair.First.Gold, pair.Second.Gold).Reward));
    });

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_prompt_is_no_answer_to_itself(string source) => Each(source, (verifier, tasks) =>
        Assert.InRange(tasks.Count(task => verifier.Score(task.Gold, task.Prompt).Reward != 0), 0, tasks.Count / 100));

    [Theory]
    [MemberData(nameof(Sources))]
    public void Prompts_differ_and_answers_are_as_long_as_their_family_says(string source)
    {
        foreach (var family in ProceduralSource.Parse(source).Families)
        {
            var tasks = Draw(family, Drawn);
            Assert.InRange(tasks.DistinctBy(task => task.Prompt).Count(), (int)Math.Min(Drawn, family.Size) / 2, family.Size);
            Assert.InRange(tasks.Max(task => task.Gold.Length) + 1, 2, family.MaxAnswerTokens);
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Difficulties_count_from_one_and_held_out_tasks_are_no_training_tasks(string source)
    {
        var tasks = ProceduralSource.Parse(source);
        Assert.Equal(Enumerable.Range(1, tasks.Families.Count), tasks.Families.Select(family => family.Difficulty));
        var sets = tasks.Build(1);
        Assert.Empty(sets.Training.Select(task => task.Prompt).Intersect(sets.Evaluation.Select(task => task.Prompt)));
        Assert.All(sets.Evaluation.CountBy(task => task.Family), family => Assert.Equal(100, family.Value));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_spec_takes_the_verifier_that_decides_and_refuses_one_that_does_not(string source)
    {
        var own = ProceduralSource.VerifiersOf(source)[0];
        Assert.Equal(own, RunSpecReader.Read("a.json", $$"""{ "tasks": { "source": "{{source}}" } }""").Tasks.Verifier);
        RunSpecReader.Read("a.json", $$"""{ "tasks": { "source": "{{source}}", "verifier": "{{own}} + 0.1*format" } }""");
        var refused = Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", $$"""{ "tasks": { "source": "{{source}}", "verifier": "maths" } }"""));
        Assert.Contains($"use {own}", Assert.Single(refused.Errors).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_warm_up_that_lacks_the_letters_of_the_prompts_is_refused(string source)
    {
        var spec = new RunSpec { Tasks = new TaskSpec { Source = source } };
        var refused = Assert.Throws<InvalidInputException>(() => TaskSources.Read(spec, (_, _, _) => new TaskFileContent([], [])));
        Assert.Equal(["model.source", "model.source"], refused.Errors.Select(error => error.Place));
        Assert.Contains("0123456789+-*=", refused.Errors[0].Problem, StringComparison.Ordinal);
        Assert.NotEmpty(TaskSources.Read(spec with { Model = new ModelSpec { Source = "hf:somewhere" } }, (_, _, _) => new TaskFileContent([], [])).Training);
    }

    private static void Each(string source, Action<IVerifier, IReadOnlyList<(string Prompt, string Gold)>> check)
    {
        var verifier = Verifiers.Create(ProceduralSource.VerifiersOf(source)[0]);
        foreach (var family in ProceduralSource.Parse(source).Families) check(verifier, Draw(family, Drawn));
    }

    internal static IReadOnlyList<(string Prompt, string Gold)> Draw(TaskFamily family, int count)
    {
        var random = new CounterRandom(Seeds.For(7, family.Name));
        var tasks = new List<(string, string)>();
        while (tasks.Count < count) tasks.Add(family.Draw(ref random));
        return tasks;
    }
}
