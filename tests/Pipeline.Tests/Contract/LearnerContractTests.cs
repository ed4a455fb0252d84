using System.Text;
using System.Text.Json.Nodes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;
using Parquet;
using Parquet.Schema;

namespace KnapsackCloud.Pipeline.Tests.Contract;

/// <summary>docs/learner-contract.md holds: for what we write, and for a learner that knows nothing else.</summary>
public class LearnerContractTests
{
    private static readonly (string Schema, string Blob)[] Blobs = [("plan", "/plan"), ("summary", "/summary.json"), ("learning", "/learning.json"), ("manifest", "/manifest.json")];

    [Fact]
    public async Task A_learner_that_knows_the_page_alone_makes_the_policies_that_ours_makes()
    {
        foreach (var spec in (RunSpec[])[Samples.Spec, Samples.Rounds])
        {
            var (_, expected, _) = await Samples.UndisturbedAsync(spec);
            var (status, blobs, made) = await RunAsync(spec, text => text);

            Assert.Equal(RunState.Completed, status.State);
            Assert.Equal(Enumerable.Range(0, spec.Steps + 1), made);
            Assert.Equal(Weights(expected), Weights(blobs));
            Assert.All(blobs.Where(blob => blob.Key.EndsWith("/summary.json", StringComparison.Ordinal)), blob => Assert.Equal(blob.Value, expected[blob.Key]));
        }
    }

    [Theory]
    [InlineData("\"version\":2", "\"version\":3", "is not a manifest of policy 2")]
    [InlineData("\"sha256\":\"", "\"sha256\":\"0", "is damaged")]
    [InlineData("model.bin", "../model.bin", "is not a manifest")]
    public async Task A_policy_that_breaks_the_contract_ends_the_run_with_the_reason(string right, string wrong, string reason)
    {
        var (status, _, made) = await RunAsync(Samples.Spec, text => text.Contains("\"version\":2", StringComparison.Ordinal) ? text.Replace(right, wrong, StringComparison.Ordinal) : text);

        Assert.Equal((RunState.Failed, 2), (status.State, made[^1]));
        Assert.Contains(reason, status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_we_write_is_what_the_schemas_say()
    {
        foreach (var spec in (RunSpec[])[Samples.Spec, Samples.Rounds])
        {
            var (_, blobs, _) = await Samples.UndisturbedAsync(spec);
            foreach (var (schema, part) in Blobs)
            {
                var found = blobs.Where(blob => blob.Key.Contains(part, StringComparison.Ordinal)).ToList();
                Assert.True(found.Count >= 3, schema);
                Assert.All(found, blob => Assert.Empty(ContractSchemas.Problems(schema, blob.Value)));
            }
        }

        var run = RunId.Parse("a-run");
        Assert.Empty(ContractSchemas.Problems("learn-requested", MessageJson.Encode(new LearnRequested(run, 0)).Span));
        Assert.Empty(ContractSchemas.Problems("checkpoint-ready", MessageJson.Encode(new CheckpointReady(run, new PolicyVersion(7))).Span));
        var skipped = new SkippedUpdate(1, "the loss is NaN", [new SkippedRollouts(TaskId.Parse("t1"), [0, 3])]);
        var learning = (await Samples.UndisturbedAsync()).Blobs.First(blob => blob.Key.EndsWith("/learning.json", StringComparison.Ordinal)).Value;
        var one = System.Text.Json.JsonSerializer.Deserialize(learning, ContractsJson.Default.LearningSummary)! with { SkippedUpdates = 1, Skipped = [skipped], ReferenceKl = 0.5 };
        Assert.Empty(ContractSchemas.Problems("learning", System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(one, ContractsJson.Default.LearningSummary)));
    }

    /// <summary>A schema that takes anything would hold for everything.</summary>
    [Fact]
    public async Task A_schema_misses_every_member_it_names_as_required()
    {
        var (_, blobs, _) = await Samples.UndisturbedAsync();
        var examples = Blobs.Select(pair => (pair.Schema, Encoding.UTF8.GetString(blobs.First(blob => blob.Key.Contains(pair.Blob, StringComparison.Ordinal)).Value)))
            .Append(("learn-requested", """{"run":"a","step":1,"format":1}""")).Append(("checkpoint-ready", """{"run":"a","version":1,"format":1}""")).ToList();
        Assert.Equal(ContractSchemas.Names.Order(StringComparer.Ordinal), examples.Select(example => example.Item1).Order(StringComparer.Ordinal));
        foreach (var (schema, text) in examples)
        {
            Assert.NotEmpty(Problems(schema, text, json => json["format"] = 99));
            foreach (var name in ContractSchemas.Required(schema)) Assert.NotEmpty(Problems(schema, text, json => json.Remove(name)));
        }

        static IReadOnlyList<string> Problems(string schema, string text, Action<JsonObject> breakIt)
        {
            var json = JsonNode.Parse(text)!.AsObject();
            breakIt(json);
            return ContractSchemas.Problems(schema, Encoding.UTF8.GetBytes(json.ToJsonString()));
        }
    }

    [Fact]
    public async Task The_page_has_every_column_of_a_trajectory_file_with_its_type()
    {
        var (_, blobs, _) = await Samples.UndisturbedAsync();
        await using var reader = await ParquetReader.CreateAsync(new MemoryStream(blobs.First(blob => blob.Key.EndsWith(".parquet", StringComparison.Ordinal) && blob.Key.Contains("/rollouts/", StringComparison.Ordinal)).Value), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("trajectories", "2"), (reader.CustomMetadata["knapsack.kind"], reader.CustomMetadata["knapsack.format"]));
        Assert.Contains("`knapsack.kind` = `trajectories` and `knapsack.format` = `2`", ContractSchemas.Page, StringComparison.Ordinal);
        var told = ContractSchemas.Page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')).Select(cells => (cells[1].Trim(' ', '`'), cells[2].Trim()));
        Assert.Equal(reader.Schema.Fields.Select(field => (field.Name, TypeOf(field))), told);
    }

    private static string TypeOf(Field field) => field switch
    {
        ListField list => $"list of {TypeOf(list.Item)}",
        DataField { IsNullable: true } data => $"{Name(data)}, optional",
        DataField data => Name(data),
        _ => field.ToString()!,
    };

    private static string Name(DataField data) => data.ClrType.Name switch { "Int32" => "int32", "UInt64" => "uint64", "Single" => "float", "Double" => "double", _ => "string" };

    private static async Task<(RunStatus Status, IReadOnlyDictionary<string, byte[]> Blobs, List<int> Made)> RunAsync(RunSpec spec, Func<string, string> manifest)
    {
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var learner = new ExternalLearner(store, process.Queues[QueueNames.Learn], process.Queues[QueueNames.CheckpointReady]) { Manifest = manifest };
        process.Pumps[QueueNames.Learn] = learner;
        var run = await process.StartAsync(spec, Samples.Training, Samples.Evaluation);
        return (await process.RunAsync(run), store.Blobs, learner.Made);
    }

    private static IEnumerable<(string, string)> Weights(IReadOnlyDictionary<string, byte[]> blobs) =>
        blobs.Where(blob => blob.Key.EndsWith("/model.bin", StringComparison.Ordinal)).Select(blob => (blob.Key, Encoding.UTF8.GetString(blob.Value))).Order();
}
