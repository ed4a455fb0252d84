using System.Text.Json;
using System.Text.Json.Serialization;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Source-generated JSON of everything that goes into blobs and messages: camel case, unknown members refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.Strict,
    UseStringEnumConverter = true,
    WriteIndented = false)]
[JsonSerializable(typeof(RunSpec))]
[JsonSerializable(typeof(RunStatus))]
[JsonSerializable(typeof(TrainingTask))]
[JsonSerializable(typeof(TerminalMarker))]
[JsonSerializable(typeof(StepPlan))]
[JsonSerializable(typeof(StepSummary))]
[JsonSerializable(typeof(LearningSummary))]
[JsonSerializable(typeof(CheckpointManifest))]
[JsonSerializable(typeof(PlanRequest))]
[JsonSerializable(typeof(RolloutRequest))]
[JsonSerializable(typeof(RolloutDone))]
[JsonSerializable(typeof(LearnRequested))]
[JsonSerializable(typeof(CheckpointReady))]
public sealed partial class ContractsJson : JsonSerializerContext;
