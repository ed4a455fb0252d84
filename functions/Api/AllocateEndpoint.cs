using System.Buffers;
using System.Text.Json;
using KnapsackCloud.Core.Plan;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Solves one allocation, as <c>knapsack allocate</c> does; keeps nothing.</summary>
internal static class AllocateEndpoint
{
    public static async Task SolveAsync(HttpContext context)
    {
        var (policy, problem) = AllocateRequest.Read(await RequestBody.ReadAsync(context, RequestBody.MostBytes));
        var started = TimeProvider.System.GetTimestamp();
        var allocation = policy.Allocate(problem);
        var milliseconds = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
        var content = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(content)) AllocationJson.Write(writer, policy.Name, problem, allocation, milliseconds);
        await Reply.BytesAsync(context, content.WrittenMemory, Reply.Json);
    }
}
