using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

/// <summary>Calls as a Functions host makes them (host 4.1037), and answers as it needs them.</summary>
public class FunctionsHostContractTests
{
    private const string Missing = """{"format":1,"run":"none","step":1}""";
    private const string Metadata = """{"DeliveryCount":"2","MessageId":"\"m-1\"","SequenceNumber":"17","EnqueuedTimeUtc":"2026-11-23T01:02:03","ApplicationProperties":{"k":"v"},"sys":{"MethodName":"Plan","UtcNow":"2026-11-23T01:02:03Z","RandGuid":"5b1c"}}""";

    /// <summary>The body as JSON in a JSON string in a JSON string: what the host sends.</summary>
    private static string Twice(string body) => Once(JsonValue.Create(body).ToJsonString());

    private static string Once(string body) => $$$"""{"Data":{"message":{{{JsonValue.Create(body).ToJsonString()}}} },"Metadata":{{{Metadata}}} }""";

    private static string Raw(string body) => $$$"""{"Data":{"message":{{{body}}} },"Metadata":{}}""";

    private static string PlanOf(RunId run) => Encoding.UTF8.GetString(MessageJson.Encode(new PlanRequest(run, 1)).Span);

    public static TheoryData<string> Forms => ["twice", "once", "raw"];

    [Theory, MemberData(nameof(Forms))]
    public async Task A_message_is_understood_in_every_form_a_host_sends(string form)
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        await plane.Statuses.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0) }, Token);
        var body = PlanOf(run);
        using var response = await plane.PostAsync("/Plan", form switch { "twice" => Twice(body), "once" => Once(body), _ => Raw(body) });
        await AssertDoneAsync(response);
        Assert.True(await plane.Store.ExistsAsync(BlobNames.Plan(run, 1), Token));
        Assert.True(plane.Queues[QueueNames.Rollouts].Count > 0);
    }

    [Fact]
    public async Task What_a_sender_wrote_into_the_metadata_is_not_looked_at()
    {
        await using var plane = await StartAsync(underHost: true);
        var (run, other) = (await plane.StartRunAsync("one"), await plane.StartRunAsync("other"));
        foreach (var id in new[] { run, other }) await plane.Statuses.UpdateAsync(id, status => status with { PolicyVersion = new PolicyVersion(0) }, Token);
        var inner = JsonValue.Create(JsonValue.Create(PlanOf(run)).ToJsonString()).ToJsonString();
        var forged = $$$"""{"Data":{"message":{{{inner}}} },"Metadata":{"run":"\"{{{other}}}\"","step":"1","MessageId":"\"../../x\"","DeliveryCount":"-1","sys":{"MethodName":"Publish"}} }""";
        await AssertDoneAsync(await plane.PostAsync("/Plan", forged));
        Assert.True(await plane.Store.ExistsAsync(BlobNames.Plan(run, 1), Token));
        Assert.False(await plane.Store.ExistsAsync(BlobNames.Plan(other, 1), Token));
    }

    public static TheoryData<string> WrongCalls => new(
        "", "null", "[]", "{}", """{"Data":null}""", """{"Data":{"timer":{}}}""", """{"Data":{"message":null}}""",
        Twice("hello world"), Twice("""{"format":1,"run":"../../etc","step":1}"""), Twice("""{"format":1,"run":"none","step":-1}"""), Twice("""{"format":2,"run":"none","step":1}"""),
        Twice("""{"format":1,"step":1}"""), Once("\"\\ud800\""), new string('[', 10_000), Raw(string.Concat(Enumerable.Repeat("{\"a\":", 5_000)) + "1" + new string('}', 5_000)), Twice(Missing));

    [Theory, MemberData(nameof(WrongCalls))]
    public async Task A_wrong_message_fails_so_that_the_host_moves_it_to_the_dead_letters(string call)
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/Plan", call);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("refused: ", (await JsonOf(response))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(plane.Store.Blobs);
    }

    [Theory, MemberData(nameof(WrongCalls))]
    public async Task A_wrong_dead_letter_is_done_with_and_its_reason_in_the_hosts_log(string call)
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.PostAsync("/DeadLetterPlan", call);
        Assert.Contains("refused: ", await AssertDoneAsync(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_letter_of_a_due_stage_fails_the_run_with_the_reason()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await plane.StartRunAsync();
        await plane.Statuses.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0) }, Token);
        await AssertDoneAsync(await plane.PostAsync("/DeadLetterPlan", Twice(PlanOf(run))));
        var shown = await plane.GetJsonAsync($"/api/runs/{run}");
        Assert.Equal("failed", shown["state"]!.GetValue<string>());
        Assert.Contains("never came to an end", shown["reason"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timer_lets_the_watchdog_look()
    {
        await using var plane = await StartAsync(underHost: true);
        await plane.StartRunAsync();
        const string tick = """{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{"sys":{}}}""";
        Assert.Contains("watchdog: 0 messages", await AssertDoneAsync(await plane.PostAsync("/Watchdog", tick)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_finds_it_ready_at_the_root()
    {
        await using var plane = await StartAsync(underHost: true);
        using var response = await plane.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Triggers_are_not_there_when_no_host_owns_the_queues()
    {
        await using var plane = await StartAsync();
        using var response = await plane.PostAsync("/Plan", Twice(Missing));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    /// <summary>200 with a JSON object that has the members the host reads; returns its log lines.</summary>
    private static async Task<string> AssertDoneAsync(HttpResponseMessage response)
    {
        using (response)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var reply = (await JsonOf(response)).AsObject();
            Assert.Empty(reply["Outputs"]!.AsObject());
            return string.Join('\n', reply["Logs"]!.AsArray().Select(line => line!.GetValue<string>()));
        }
    }
}
