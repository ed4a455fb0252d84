using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Contracts;

public class IdTests
{
    [Theory]
    [InlineData("../etc")]
    [InlineData("a/b")]
    [InlineData("A")]
    [InlineData("-a")]
    [InlineData("")]
    [InlineData("a\0")]
    public void A_run_id_can_never_be_a_path(string text)
    {
        Assert.False(RunId.TryParse(text, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"format":1,"run":{{JsonSerializer.Serialize(text)}},"step":1}""", ContractsJson.Default.PlanRequest));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData(".a")]
    [InlineData("a b")]
    public void A_task_id_can_never_be_a_path(string text) => Assert.False(TaskId.TryParse(text, out _));

    [Fact]
    public void Ids_have_a_longest_length()
    {
        Assert.True(RunId.TryParse(new string('a', RunId.MaxLength), out _));
        Assert.False(RunId.TryParse(new string('a', RunId.MaxLength + 1), out _));
    }

    [Fact]
    public void A_message_reads_back_the_same_and_has_a_stable_id()
    {
        var message = new RolloutRequest(RunId.Parse("run-1"), 12, "t003");
        var json = JsonSerializer.Serialize(message, ContractsJson.Default.RolloutRequest);
        Assert.Equal(message, JsonSerializer.Deserialize(json, ContractsJson.Default.RolloutRequest));
        Assert.Equal("run-1-rollout-000012-t003", message.Id);
    }
}
