using System.Net;
using System.Text;
using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Functions.Dashboard;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

public class DashboardApiTests
{
    private static readonly TrainingTask[] Tasks = [.. Enumerable.Range(0, 12).Select(i => new TrainingTask(TaskId.Parse($"t{i:D2}"), "f", $"{i}+0=", $"{i}"))];

    private static async Task<RunId> RunAsync(ControlPlaneUnderTest plane, int steps)
    {
        var spec = new RunSpec { Name = "r", Steps = steps, Evaluation = new EvaluationSpec { Every = 0 }, Limits = new LimitsSpec { Rollouts = 100 } };
        var run = await plane.Get<RunStarter>().StartAsync(spec, Tasks, [], Token);
        await plane.Statuses.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0) }, Token);
        return run;
    }

    /// <summary>Task i has i + 1 rollouts and an expected success rate of i / 11; its group is split over two items when it has more than six.</summary>
    private static StepPlan Plan(int step) => new()
    {
        Step = step,
        Policy = new PolicyVersion(step - 1),
        AllocationPolicy = "posterior",
        Allocations = [.. Tasks.Select((task, i) => new TaskAllocation(task.Id, i + 1, 12 - i, 1, i / 11.0, 0.5))],
        Certificate = new PlanCertificate(78, 78, 1, 1, 0),
        Items =
        [
            new WorkItem("t000", WorkPurpose.Training, [.. Tasks.Select((task, i) => new GroupChunk(task.Id, 0, Math.Min(6, i + 1)))], 1),
            new WorkItem("t001", WorkPurpose.Training, [.. Tasks.Select((task, i) => new GroupChunk(task.Id, 6, i - 5)).Where(chunk => chunk.Count > 0)], 1),
        ],
    };

    private static IReadOnlyList<Trajectory> Rows(WorkItem item, Func<TaskId, int, double?> reward) =>
        [.. item.Chunks.SelectMany(chunk => Enumerable.Range(chunk.First, chunk.Count).Select(i => Row(chunk.Task, i, reward(chunk.Task, i))))];

    private static Trajectory Row(TaskId task, int index, double? reward) => new()
    {
        Task = task,
        Index = index,
        GroupSize = 1,
        PromptIds = [1],
        CompletionIds = [72, 105],
        LogProbs = [-0.5f, -1],
        Reward = reward,
        Error = reward is null ? "no answer" : null,
        StopReason = StopReason.Eos,
        Policy = new PolicyVersion(0),
        Sampling = new SamplingSpec(),
        Seed = ulong.MaxValue,
        Worker = "w1",
        GenerationSeconds = 0.5,
    };

    [Fact]
    public async Task Allocation_is_shown_by_predicted_success_rate_and_of_a_long_run_every_nth_step()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await RunAsync(plane, 9);
        for (var step = 1; step <= 9; step++) await plane.Blobs.CreateAsync(BlobNames.Plan(run, step), Plan(step), ContractsJson.Default.StepPlan, Token);
        await plane.Statuses.UpdateAsync(run, status => status with { Step = 8 }, Token);
        var columns = (await plane.GetJsonAsync($"/api/runs/{run}/allocation?every=4")).AsArray();
        Assert.Equal([4, 8], columns.Select(column => column!["step"]!.GetValue<int>()));
        Assert.Equal([2, 1, 1, 1, 1, 1, 1, 1, 1, 2], columns[0]!["tasks"]!.AsArray().Select(count => count!.GetValue<int>()));
        Assert.Equal(78, columns[0]!["rollouts"]!.AsArray().Sum(count => count!.GetValue<long>()));
        Assert.Equal(23, columns[0]!["rollouts"]![9]!.GetValue<long>());
    }

    [Theory]
    [InlineData("rollouts", "t11", "t10")]
    [InlineData("value", "t00", "t01")]
    [InlineData("successRate", "t00", "t01")]
    [InlineData("task", "t00", "t01")]
    public async Task Tasks_come_in_the_order_asked_for(string order, string first, string second)
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await RunAsync(plane, 2);
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1), Plan(1), ContractsJson.Default.StepPlan, Token);
        var page = await plane.GetJsonAsync($"/api/runs/{run}/steps/1/tasks?order={order}&limit=2");
        Assert.Equal([first, second], page["rows"]!.AsArray().Select(row => row!["task"]!.GetValue<string>()));
        Assert.Equal(12, page["tasks"]!.GetValue<int>());
        var last = await plane.GetJsonAsync($"/api/runs/{run}/steps/1/tasks?order={order}&limit=200&after=11");
        Assert.Single(last["rows"]!.AsArray());
    }

    [Fact]
    public async Task A_task_has_an_outcome_once_all_its_rollouts_are_there()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await RunAsync(plane, 2);
        var plan = Plan(1);
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1), plan, ContractsJson.Default.StepPlan, Token);
        await plane.Blobs.CreateTrajectoriesAsync(run, 1, "t000", Rows(plan.Items[0], (_, i) => i == 0 ? null : i % 2), Token);
        var rows = (await plane.GetJsonAsync($"/api/runs/{run}/steps/1/tasks?order=task"))["rows"]!.AsArray();
        Assert.Equal("""{"rollouts":3,"errored":1,"reward":0.5,"mixed":true}""", rows[2]!["outcome"]!.ToJsonString());
        Assert.Equal("""{"rollouts":2,"errored":1,"reward":1,"mixed":false}""", rows[1]!["outcome"]!.ToJsonString());
        Assert.Equal("""{"rollouts":1,"errored":1,"reward":null,"mixed":false}""", rows[0]!["outcome"]!.ToJsonString());
        Assert.Null(rows[6]!["outcome"]);
    }

    [Fact]
    public async Task Progress_counts_items_workers_and_what_is_used_of_the_limits()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await RunAsync(plane, 2);
        var plan = Plan(1);
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1), plan, ContractsJson.Default.StepPlan, Token);
        await plane.Blobs.CreateTrajectoriesAsync(run, 1, "t000", Rows(plan.Items[0], (_, _) => 1), Token);
        var progress = await plane.GetJsonAsync($"/api/runs/{run}/progress");
        Assert.Equal((2, 1, 0, 1), (progress["items"]!.GetValue<int>(), progress["done"]!.GetValue<int>(), progress["failed"]!.GetValue<int>(), progress["waiting"]!.GetValue<int>()));
        Assert.Equal(["checkpoint-ready", "learn", "plan", "rollout-done", "rollouts"], progress["queues"]!.AsArray().Select(queue => queue!["name"]!.GetValue<string>()));
        Assert.Equal(1, progress["queues"]![1]!["messages"]!.GetValue<long>());
        Assert.Equal("w1", Assert.Single(progress["workers"]!.AsArray())!["name"]!.GetValue<string>());
        Assert.Equal(100, progress["limits"]![0]!["limit"]!.GetValue<double>());
    }

    [Fact]
    public async Task A_group_has_every_rollout_of_all_its_items_and_says_which_are_missing()
    {
        await using var plane = await StartAsync(underHost: true);
        var run = await RunAsync(plane, 2);
        var plan = Plan(1);
        await plane.Blobs.CreateAsync(BlobNames.Plan(run, 1), plan, ContractsJson.Default.StepPlan, Token);
        await plane.Blobs.CreateTrajectoriesAsync(run, 1, "t000", Rows(plan.Items[0], (_, i) => i == 0 ? null : 1), Token);
        await plane.Blobs.CreateAsync(BlobNames.FailedItem(run, 1, "t001"), new TerminalMarker(MessageFormat.Current, 1, "t001", "out of memory"), ContractsJson.Default.TerminalMarker, Token);
        var group = await plane.GetJsonAsync($"/api/runs/{run}/steps/1/tasks/t11");
        Assert.Equal("""[{"item":"t001","reason":"out of memory"}]""", group["missing"]!.ToJsonString());
        Assert.Equal([0, 1, 2, 3, 4, 5], group["rollouts"]!.AsArray().Select(row => row!["index"]!.GetValue<int>()));
        Assert.Equal("no answer", group["rollouts"]![0]!["error"]!.GetValue<string>());
        Assert.Equal("18446744073709551615", group["rollouts"]![0]!["seed"]!.GetValue<string>());
        Assert.Null(group["rollouts"]![0]!["text"]);
        await RunApiTests.AssertProblemAsync(await plane.GetAsync($"/api/runs/{run}/steps/1/tasks/other"), HttpStatusCode.NotFound, "has no rollout of task other");
        await RunApiTests.AssertProblemAsync(await plane.GetAsync($"/api/runs/{run}/steps/1/tasks/..%2Fx"), HttpStatusCode.BadRequest, "1 error");
    }

    [Fact]
    public async Task A_stream_tells_each_change_and_ends_with_the_control_plane()
    {
        var plane = await StartAsync();
        var run = await RunAsync(plane, 2);
        await using var stream = await plane.Http.GetStreamAsync(new Uri($"/api/events?run={run}", UriKind.Relative), Token);
        using var reader = new StreamReader(stream);
        Assert.Contains("\"state\":\"running\"", await reader.ReadLineAsync(Token), StringComparison.Ordinal);
        await plane.PostAsync($"/api/runs/{run}/pause", "");
        string? line;
        do line = await reader.ReadLineAsync(Token); while (line is not null && !line.StartsWith("data:", StringComparison.Ordinal));
        Assert.Contains("\"state\":\"paused\"", line, StringComparison.Ordinal);
        await plane.DisposeAsync();
        Assert.DoesNotContain("data:", await reader.ReadToEndAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_streams_are_refused_and_one_that_ends_makes_room()
    {
        await using var plane = await StartAsync();
        var streams = new List<Stream>();
        try
        {
            for (var i = 0; i < EventStream.MostStreams; i++) streams.Add(await plane.Http.GetStreamAsync(new Uri("/api/events", UriKind.Relative), Token));
            await RunApiTests.AssertProblemAsync(await plane.GetAsync("/api/events"), HttpStatusCode.ServiceUnavailable, "streams are open already");
            await streams[0].DisposeAsync();
            await UntilAsync(async () =>
            {
                using var response = await plane.Http.GetAsync(new Uri("/api/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
                return response.IsSuccessStatusCode;
            });
        }
        finally
        {
            foreach (var stream in streams) await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Under_a_functions_host_a_stream_is_one_event()
    {
        await using var plane = await StartAsync(underHost: true);
        await plane.StartRunAsync();
        var events = await plane.Http.GetStringAsync(new Uri("/api/events", UriKind.Relative), Token);
        Assert.StartsWith("data: [{", events, StringComparison.Ordinal);
    }

    [Fact]
    public void Pieces_of_tokens_joined_are_the_text_however_characters_are_cut()
    {
        var tokenizer = new Bytes();
        Gen.Char["aé€ \n中"].Array[0, 40].Select(letters => new string(letters)).Sample(text =>
        {
            var ids = tokenizer.Encode(text);
            var pieces = new TokenTexts(tokenizer).Pieces(ids);
            Assert.Equal(ids.Length, pieces.Length);
            Assert.Equal(text, string.Concat(pieces));
        });
    }

    /// <summary>A token a byte, so that most characters take several.</summary>
    private sealed class Bytes : ITokenizer
    {
        public int[] Encode(string text) => [.. Encoding.UTF8.GetBytes(text).Select(one => (int)one)];
        public string Decode(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString([.. ids.ToArray().Select(id => (byte)id)]);
    }
}
