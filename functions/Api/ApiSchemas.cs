using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Functions.Api;

/// <summary>The forms of bodies, made from the types that are read and written.</summary>
internal static class ApiSchemas
{
    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = NameIds };

    private static IReadOnlyDictionary<string, JsonTypeInfo> Types { get; } = new Dictionary<string, JsonTypeInfo>
    {
        ["RunSpec"] = ContractsJson.Default.RunSpec,
        ["Run"] = ApiJson.Default.RunView,
        ["Runs"] = ApiJson.Default.IReadOnlyListRunView,
        ["Steps"] = ApiJson.Default.IReadOnlyListStepSummary,
        ["Step"] = ApiJson.Default.StepView,
        ["Policies"] = ApiJson.Default.IReadOnlyListPolicyView,
        ["Curves"] = ApiJson.Default.IReadOnlyListCurvePoint,
        ["AllocationColumns"] = ApiJson.Default.IReadOnlyListAllocationBuckets,
        ["Progress"] = ApiJson.Default.ProgressView,
        ["StepTasks"] = ApiJson.Default.StepTasksView,
        ["Group"] = ApiJson.Default.GroupView,
        ["Health"] = ApiJson.Default.HealthView,
        ["Problem"] = ApiJson.Default.ProblemView,
    };

    public static JsonObject Write()
    {
        var schemas = new JsonObject(Types.Select(type => KeyValuePair.Create(type.Key, (JsonNode?)Export(type.Key, type.Value))));
        schemas["AllocateRequest"] = AllocateRequest();
        schemas["Allocation"] = Allocation();
        return schemas;
    }

    private static JsonNode Export(string name, JsonTypeInfo type)
    {
        var schema = type.GetJsonSchemaAsNode(Options);
        Root(schema, $"#/components/schemas/{name}");
        return schema;
    }

    /// <summary>A form that comes twice is written once and referred to, by its place in a schema that was to stand alone.</summary>
    private static void Root(JsonNode? node, string root)
    {
        if (node is JsonArray items) foreach (var item in items) Root(item, root);
        if (node is not JsonObject members) return;
        if (members["$ref"] is JsonValue reference) members["$ref"] = root + reference.GetValue<string>().TrimStart('#');
        foreach (var member in members) Root(member.Value, root);
    }

    /// <summary>Of a part of a route.</summary>
    public static JsonNode OfId(string name) => name switch
    {
        "run" => new JsonObject { ["type"] = "string", ["pattern"] = "^[a-z0-9][a-z0-9-]*$", ["maxLength"] = RunId.MaxLength },
        "task" => TaskIdSchema(),
        _ => Whole(1, RunSpecReader.MaxSteps + 1),
    };

    /// <summary>Ids have converters of their own, of which the exporter knows nothing.</summary>
    private static JsonNode NameIds(JsonSchemaExporterContext context, JsonNode schema)
    {
        var type = context.TypeInfo.Type;
        if (type == typeof(RunId)) return OfId("run");
        if (type == typeof(TaskId)) return TaskIdSchema();
        return type == typeof(PolicyVersion) || type == typeof(PolicyVersion?) ? Whole(0, int.MaxValue) : schema;
    }

    private static JsonObject AllocateRequest() => Record(
        new JsonObject
        {
            ["budget"] = Number(),
            ["tasks"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = Record(new JsonObject { ["id"] = TaskIdSchema(), ["successes"] = Number(), ["attempts"] = Number(), ["successRate"] = Number(), ["cost"] = Number() }, "id"),
            },
            ["min"] = Whole(0, AllocationProblem.MostRollouts),
            ["max"] = Whole(1, AllocationProblem.MostRollouts),
            ["policy"] = OneOf(AllocationPolicies.Names),
            ["unit"] = OneOf(["rollouts", "tokens"]),
            ["allowUnspent"] = new JsonObject { ["type"] = "boolean" },
        },
        "budget", "tasks");

    private static JsonObject Allocation() => Record(
        new JsonObject
        {
            ["policy"] = new JsonObject { ["type"] = "string" },
            ["budget"] = Number(),
            ["spent"] = Number(),
            ["objective"] = Number(),
            ["upperBound"] = Number(),
            ["gap"] = Number(),
            ["milliseconds"] = Number(),
            ["allocations"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = Record(new JsonObject { ["id"] = TaskIdSchema(), ["rollouts"] = Whole(0, AllocationProblem.MostRollouts), ["value"] = Number(), ["cost"] = Number() }, "id", "rollouts", "value", "cost"),
            },
        },
        "policy", "budget", "spent", "objective", "upperBound", "gap", "milliseconds", "allocations");

    private static JsonObject Record(JsonObject properties, params string[] required) => new()
    {
        ["type"] = "object",
        ["properties"] = properties,
        ["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]),
        ["additionalProperties"] = false,
    };

    private static JsonObject TaskIdSchema() => new() { ["type"] = "string", ["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]*$", ["maxLength"] = TaskId.MaxLength };

    private static JsonObject Number() => new() { ["type"] = "number" };

    private static JsonObject Whole(int least, int most) => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };

    private static JsonObject OneOf(IReadOnlyList<string> choices) => new() { ["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice))]) };
}
