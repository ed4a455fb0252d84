using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

public class AllocationFileTests
{
    [Fact]
    public void Counts_rates_and_tasks_never_seen_are_read()
    {
        var tasks = Read("""
            {"id":"a","successes":3,"attempts":8,"cost":120.5}
            {"id":"b","successRate":0.25}

            {"id":"c"}
            {"id":"d","successes":0,"attempts":0}
            """);
        Assert.Equal(["a", "b", "c", "d"], tasks.Select(task => task.Task.Value));
        Assert.Equal([3.0 / 8, 0.25, null, null], tasks.Select(task => task.LastSuccessRate));
        Assert.Equal([3.0, 0.25 * AllocationFile.AttemptsOfARate, 0, 0], tasks.Select(task => task.Successes));
        Assert.Equal([5.0, 0.75 * AllocationFile.AttemptsOfARate, 0, 0], tasks.Select(task => task.Failures));
        Assert.All(tasks, task => Assert.Equal(1, task.Cost));
    }

    [Fact]
    public void A_task_never_seen_gets_the_prior_of_the_others()
    {
        var tasks = Read("{\"id\":\"a\",\"successes\":80,\"attempts\":100}\n{\"id\":\"b\"}");
        Assert.Equal((80 + 1) / 102.0, tasks[1].PriorMean, 1e-12);
    }

    [Fact]
    public void Costs_count_when_the_budget_is_in_tokens() =>
        Assert.Equal(120.5, Assert.Single(Read("{\"id\":\"a\",\"cost\":120.5}", tokens: true)).Cost);

    [Fact]
    public void A_byte_order_mark_and_carriage_returns_are_no_errors() =>
        Assert.Equal(2, Read("\uFEFF{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n").Count);

    [Theory]
    [InlineData("{\"id\":\"a\",\"successes\":9,\"attempts\":8}", "f:1 successes")]
    [InlineData("{\"id\":\"a\",\"successes\":-1,\"attempts\":8}", "f:1 successes")]
    [InlineData("{\"id\":\"a\",\"successes\":1,\"attempts\":-8}", "f:1 attempts")]
    [InlineData("{\"id\":\"a\",\"successes\":1}", "f:1 attempts")]
    [InlineData("{\"id\":\"a\",\"attempts\":1}", "f:1 successes")]
    [InlineData("{\"id\":\"a\",\"successes\":1,\"attempts\":2,\"successRate\":0.5}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":1.01}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":-0.01}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":\"0.5\"}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":null}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":1e999}", "f:1 successRate")]
    [InlineData("{\"id\":\"a\",\"successRate\":NaN}", "f:1")]
    [InlineData("{\"id\":\"a\",\"cost\":0}", "f:1 cost")]
    [InlineData("{\"id\":\"a\",\"cost\":-3}", "f:1 cost")]
    [InlineData("{\"id\":\"a b\"}", "f:1 id")]
    [InlineData("{\"id\":7}", "f:1 id")]
    [InlineData("{\"successes\":1,\"attempts\":2}", "f:1 id")]
    [InlineData("{\"id\":\"a\",\"id\":\"b\"}", "f:1 id")]
    [InlineData("{\"id\":\"a\",\"colour\":\"red\"}", "f:1 colour")]
    [InlineData("{\"id\":\"a\",\"colour\":{\"x\":[1]}}", "f:1 colour")]
    [InlineData("[1]", "f:1")]
    [InlineData("1", "f:1")]
    [InlineData("id,successes", "f:1")]
    [InlineData("{\"id\":\"a\"", "f:1")]
    [InlineData("{\"id\":\"a\"} {}", "f:1")]
    [InlineData("{\"id\":\"a\"}\n\n{\"id\":\"a\"}", "f:3 id")]
    [InlineData("", "f")]
    [InlineData("\n \n", "f")]
    public void What_is_wrong_is_named_with_its_line(string text, string place)
    {
        var errors = new List<InputError>();
        AllocationFile.Parse("f", Encoding.UTF8.GetBytes(text), tokens: false, errors);
        Assert.Equal(place, Assert.Single(errors).Place);
    }

    [Fact]
    public void A_budget_in_tokens_needs_every_cost()
    {
        var errors = new List<InputError>();
        AllocationFile.Parse("f", "{\"id\":\"a\"}"u8, tokens: true, errors);
        Assert.Equal("f:1 cost", Assert.Single(errors).Place);
    }

    [Fact]
    public void Every_wrong_line_is_listed()
    {
        var errors = new List<InputError>();
        AllocationFile.Parse("f", "x\n{\"id\":\"a\",\"cost\":0,\"successRate\":2}\n{\"id\":\"b\"}\n{}"u8, tokens: false, errors);
        Assert.Equal(["f:1", "f:2 cost", "f:2 successRate", "f:4 id"], errors.Select(error => error.Place));
    }

    [Fact]
    public void Text_that_is_no_UTF8_is_refused()
    {
        var errors = new List<InputError>();
        AllocationFile.Parse("f", [.. "{\"id\":\""u8, 0xFF, .. "\"}"u8], tokens: false, errors);
        Assert.Equal("f:1", Assert.Single(errors).Place);
    }

    private static IReadOnlyList<TaskEvidence> Read(string text, bool tokens = false)
    {
        var errors = new List<InputError>();
        var tasks = AllocationFile.Parse("f", Encoding.UTF8.GetBytes(text), tokens, errors);
        Assert.Empty(errors);
        return tasks;
    }
}
