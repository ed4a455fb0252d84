using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>What a path names, or 404.</summary>
internal static class Found
{
    /// <exception cref="RequestRefusedException">There is no such run.</exception>
    public static async Task<RunStatus> RunAsync(RunStatusStore statuses, RunId run, CancellationToken cancellation) =>
        await statuses.ReadAsync(run, cancellation) ?? throw Missing($"there is no run {run}");

    public static RequestRefusedException Missing(string problem) => new(StatusCodes.Status404NotFound, problem);
}
