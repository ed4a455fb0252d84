using System.Text.Json;

namespace KnapsackCloud.Core.Plan;

/// <summary>The form in which an allocation is given to programs, on the command line and over HTTP (docs/cli.md).</summary>
public static class AllocationJson
{
    /// <param name="milliseconds">That the policy took.</param>
    public static void Write(Utf8JsonWriter writer, string policy, AllocationProblem problem, Allocation allocation, double milliseconds)
    {
        var certificate = allocation.Certificate;
        writer.WriteStartObject();
        writer.WriteString("policy", policy);
        writer.WriteNumber("budget", certificate.Budget);
        writer.WriteNumber("spent", certificate.Spent);
        writer.WriteNumber("objective", certificate.Objective);
        writer.WriteNumber("upperBound", certificate.UpperBound);
        writer.WriteNumber("gap", certificate.Gap);
        writer.WriteNumber("milliseconds", milliseconds);
        writer.WriteStartArray("allocations");
        for (var i = 0; i < problem.Tasks.Count; i++) WriteTask(writer, problem.Tasks[i], allocation.Rollouts[i], allocation.Forecasts[i].Value);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTask(Utf8JsonWriter writer, TaskEvidence task, int rollouts, double value)
    {
        writer.WriteStartObject();
        writer.WriteString("id", task.Task.Value);
        writer.WriteNumber("rollouts", rollouts);
        writer.WriteNumber("value", value);
        writer.WriteNumber("cost", task.Cost);
        writer.WriteEndObject();
    }
}
