using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Specs;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Starts, shows and moves runs.</summary>
internal sealed class RunEndpoints(
    RunBlobs blobs, RunCatalog catalog, RunStatusStore statuses, RunStarter starter, RunControl control, SpecReading specs, Changes changes, FunctionsOptions options)
{
    public const int RunsOfPage = 50;
    public const int MostRuns = 200;
    /// <summary>A spec names its tasks and has none in it.</summary>
    private const int LargestSpec = 64 << 10;

    public async Task StartAsync(HttpContext context)
    {
        changes.Require();
        var (spec, tasks) = specs.Read(await RequestBody.ReadTextAsync(context, LargestSpec));
        var run = await starter.StartAsync(spec, tasks.Training, tasks.Evaluation, context.RequestAborted);
        context.Response.Headers.Location = PathOf(run);
        await ReplyAsync(context, await RequireAsync(run, context.RequestAborted), StatusCodes.Status202Accepted);
    }

    public async Task ListAsync(HttpContext context)
    {
        var limit = Query.Whole(context, "limit", RunsOfPage, 1, MostRuns);
        var (page, _) = await catalog.ReadPageAsync(Query.RunOrNone(context, "after"), limit, context.RequestAborted);
        if (page.Count == limit) context.Response.Headers.Link = $"</api/runs?limit={limit}&after={page[^1].Id}>; rel=\"next\"";
        await Reply.JsonAsync(context, [.. page.Select(status => RunView.Of(status, options))], ApiJson.Default.IReadOnlyListRunView);
    }

    public async Task ShowAsync(HttpContext context) => await ReplyAsync(context, await RequireAsync(Query.Run(context), context.RequestAborted));

    public Task PauseAsync(HttpContext context) =>
        MoveAsync(context, RunState.Paused, (run, cancellation) => control.PauseAsync(run, "paused over HTTP; POST resume to go on", cancellation));

    public Task CancelAsync(HttpContext context) =>
        MoveAsync(context, RunState.Cancelled, (run, cancellation) => control.CancelAsync(run, "cancelled over HTTP", cancellation));

    public Task ResumeAsync(HttpContext context) => MoveAsync(context, RunState.Running, control.ResumeAsync);

    public async Task PoliciesAsync(HttpContext context)
    {
        var status = await RequireAsync(Query.Run(context), context.RequestAborted);
        var policies = new List<PolicyView>();
        await foreach (var folder in blobs.Store.ListFoldersAsync(BlobNames.PoliciesPrefix(status.Id), context.RequestAborted))
        {
            // Without its manifest a policy is not there: one in the making, or one being deleted.
            if (int.TryParse(folder, out var version) && await ReadManifestAsync(status.Id, version, context.RequestAborted) is { } manifest)
                policies.Add(new PolicyView(version, status.PolicyVersion?.Value == version, manifest.Files.Sum(file => file.Bytes), manifest.Files));
        }
        await Reply.JsonAsync(context, policies, ApiJson.Default.IReadOnlyListPolicyView);
    }

    /// <summary>A move that is made already is no error: a caller who got no answer asks again.</summary>
    private async Task MoveAsync(HttpContext context, RunState wanted, Func<RunId, CancellationToken, Task<RunStatus>> move)
    {
        changes.Require();
        var run = Query.Run(context);
        await RequireAsync(run, context.RequestAborted);
        // Not with the request's token: a caller who hangs up must not leave a resumed run without its messages.
        var status = await move(run, CancellationToken.None);
        if (status.State != wanted)
            throw new RequestRefusedException(StatusCodes.Status409Conflict, $"run {run} is {status.State.ToString().ToLowerInvariant()} and cannot become {wanted.ToString().ToLowerInvariant()}");
        await ReplyAsync(context, status);
    }

    private Task<CheckpointManifest?> ReadManifestAsync(RunId run, int version, CancellationToken cancellation) =>
        blobs.ReadAsync(BlobNames.Manifest(run, new PolicyVersion(version)), ContractsJson.Default.CheckpointManifest, cancellation);

    private Task<RunStatus> RequireAsync(RunId run, CancellationToken cancellation) => Found.RunAsync(statuses, run, cancellation);

    private static string PathOf(RunId run) => $"/api/runs/{run}";

    private Task ReplyAsync(HttpContext context, RunStatus status, int code = StatusCodes.Status200OK) =>
        Reply.JsonAsync(context, RunView.Of(status, options), ApiJson.Default.RunView, code);
}
