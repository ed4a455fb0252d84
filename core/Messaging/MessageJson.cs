using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Messaging;

/// <summary>Message bodies: UTF-8 JSON of the contracts, one queue a type.</summary>
public static class MessageJson
{
    public static string QueueOf(IWorkMessage message) => message switch
    {
        PlanRequest => QueueNames.Plan,
        RolloutRequest => QueueNames.Rollouts,
        RolloutDone => QueueNames.RolloutDone,
        LearnRequested => QueueNames.Learn,
        CheckpointReady => QueueNames.CheckpointReady,
        _ => throw new ArgumentOutOfRangeException(nameof(message), $"no queue carries {message.GetType().Name}"),
    };

    public static ReadOnlyMemory<byte> Encode(IWorkMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), ContractsJson.Default);

    /// <summary>False, with the problem in words, for a body that is no such message or of a format this version does not know.</summary>
    public static bool TryDecode<TMessage>(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out TMessage? message, [NotNullWhen(false)] out string? problem)
        where TMessage : class, IWorkMessage
    {
        message = null;
        try
        {
            message = JsonSerializer.Deserialize(body.Span, (JsonTypeInfo<TMessage>)ContractsJson.Default.GetTypeInfo(typeof(TMessage))!);
            problem = Problem(message);
        }
        catch (JsonException error)
        {
            problem = $"not a {typeof(TMessage).Name}: {error.Message}";
        }
        if (problem is not null) message = null;
        return message is not null;
    }

    private static string? Problem(IWorkMessage? message) => message switch
    {
        null => "the message is empty",
        { Format: not MessageFormat.Current } => $"message format {message.Format} is not known here (this version reads {MessageFormat.Current})",
        PlanRequest { Step: var step, Round: var round } => StepProblem(step) ?? RoundProblem(round),
        LearnRequested { Step: var step } => StepProblem(step),
        RolloutRequest { Step: var step, Item: var item } => StepProblem(step) ?? ItemProblem(item),
        RolloutDone { Step: var step, Item: var item } => StepProblem(step) ?? ItemProblem(item),
        _ => null,
    };

    /// <summary>The closing step is one beyond the last.</summary>
    private static string? StepProblem(int step) =>
        step is >= 0 and <= RunSpecReader.MaxSteps + 1 ? null : $"step {step} is out of range: use 0 to {RunSpecReader.MaxSteps + 1}";

    private static string? RoundProblem(int round) =>
        round is >= 1 and <= AllocationSpecReader.MaxRounds ? null : $"round {round} is out of range: use 1 to {AllocationSpecReader.MaxRounds}";

    /// <summary>Work items get names of blobs: those of tasks are safe ones.</summary>
    private static string? ItemProblem(string item) =>
        TaskId.TryParse(item, out _) ? null : "the work item's name is none: use letters, digits, '.', '_' and '-'";
}
