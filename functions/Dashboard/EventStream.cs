using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>
/// Server-sent events: the list of runs, or one run and how many of its step's work items have come, whenever that changes. A
/// Functions host passes an answer on only when it is whole, so that there each stream ends after one event and the
/// browser asks again.
/// </summary>
internal sealed class EventStream(
    RunBlobs blobs, RunCatalog catalog, RunStatusStore statuses, FunctionsOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    public const string ContentType = "text/event-stream";
    public const int MostStreams = 64;
    private const int LooksPerSignOfLife = 15;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private int _streams;

    public async Task StreamAsync(HttpContext context)
    {
        var run = Query.RunOrNone(context, "run");
        if (run is { } id) await Found.RunAsync(statuses, id, context.RequestAborted);
        if (Interlocked.Increment(ref _streams) > MostStreams)
        {
            Interlocked.Decrement(ref _streams);
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, $"{MostStreams} streams are open already: close some, or ask for the run now and then");
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await FollowAsync(context.Response, run, either.Token);
        }
        catch (Exception error) when (error is OperationCanceledException || (error is StoreException or InvalidDataException && context.Response.HasStarted))
        {
            // The stream ends; a browser that is still there opens a new one, and is told what is wrong in place of it.
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private async Task FollowAsync(HttpResponse response, RunId? run, CancellationToken cancellation)
    {
        (response.ContentType, response.Headers.CacheControl) = (ContentType, "no-store");
        using var timer = new PeriodicTimer(Interval, time);
        var last = "";
        for (var looks = 0; ; looks++)
        {
            var now = await ReadAsync(run, cancellation);
            if (now != last) await WriteAsync(response, $"data: {now}\n\n", cancellation);
            else if (looks % LooksPerSignOfLife == 0) await WriteAsync(response, ":\n\n", cancellation);
            last = now;
            if (options.UnderFunctionsHost) return;
            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellation)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>JSON in one line.</summary>
    private async Task<string> ReadAsync(RunId? run, CancellationToken cancellation)
    {
        if (run is not { } id)
            return JsonSerializer.Serialize([.. (await catalog.ReadPageAsync(null, RunEndpoints.RunsOfPage, cancellation)).Runs.Select(status => RunView.Of(status, options))], ApiJson.Default.IReadOnlyListRunView);
        var status = await Found.RunAsync(statuses, id, cancellation);
        var (done, failed) = (0, 0);
        for (var step = status.Step + 1; step <= PolicyLag.LastOpen(await blobs.ReadSpecAsync(id, cancellation), status.Step); step++)
        {
            var items = await StepItems.ReadAsync(blobs.Store, id, step, cancellation);
            (done, failed) = (done + items.Arrived.Count, failed + items.Failed.Count);
        }

        return JsonSerializer.Serialize(new RunEvent(RunView.Of(status, options), done, failed), ApiJson.Default.RunEvent);
    }
}
