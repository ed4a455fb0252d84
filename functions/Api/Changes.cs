using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Whether runs can be started and moved here.</summary>
internal sealed record Changes(bool Allowed)
{
    /// <exception cref="RequestRefusedException">This process only shows runs.</exception>
    public void Require()
    {
        if (!Allowed) throw new RequestRefusedException(StatusCodes.Status409Conflict, "this control plane only shows the runs of a folder: 'knapsack run' starts and resumes them");
    }
}
