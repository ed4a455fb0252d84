using System.Text.Json;
using System.Text.Json.Serialization;

namespace KnapsackCloud.Core.Contracts;

public sealed class RunIdJson : JsonConverter<RunId>
{
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RunId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a run id");

    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

public sealed class TaskIdJson : JsonConverter<TaskId>
{
    public override TaskId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TaskId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a task id");

    public override void Write(Utf8JsonWriter writer, TaskId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

public sealed class PolicyVersionJson : JsonConverter<PolicyVersion>
{
    public override PolicyVersion Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetInt32() is >= 0 and var value ? new PolicyVersion(value) : throw new JsonException("a policy version is 0 or more");

    public override void Write(Utf8JsonWriter writer, PolicyVersion value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
}
