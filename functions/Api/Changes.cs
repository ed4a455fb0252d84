using KnapsackCloud.Hosting;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Whether runs can be started and moved here.</summary>
/// <param name="Refusal">Why not; null where they can.</param>
internal sealed record Changes(string? Refusal)
{
    public bool Allowed => Refusal is null;

    public static Changes Of(KnapsackOptions knapsack, FunctionsOptions options) => new((knapsack.Store, options.LookOnly) switch
    {
        (StoreKind.Embedded, _) => "this control plane only shows the runs of a folder: 'knapsack run' starts and resumes them",
        (_, true) => "this control plane only shows runs (Functions:LookOnly): ask the one that works on them",
        _ => null,
    });

    /// <exception cref="RequestRefusedException">This process only shows runs.</exception>
    public void Require()
    {
        if (Refusal is { } refusal) throw new RequestRefusedException(StatusCodes.Status409Conflict, refusal);
    }
}
