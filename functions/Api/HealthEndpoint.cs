using System.Reflection;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Says whether the process is up and its store answers.</summary>
internal sealed class HealthEndpoint(IRunStore store, Changes changes, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly string Version = typeof(HealthEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public async Task ShowAsync(HttpContext context)
    {
        var problem = await AskStoreAsync(context.RequestAborted);
        var health = new HealthView(problem is null ? "ok" : "failing", problem ?? "ok", changes.Allowed, Version);
        await Reply.JsonAsync(context, health, ApiJson.Default.HealthView, problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Null when it answers.</summary>
    private async Task<string?> AskStoreAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await using var folders = store.ListFoldersAsync(BlobNames.RunsPrefix, either.Token).GetAsyncEnumerator(either.Token);
            await folders.MoveNextAsync();
            return null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds} s";
        }
        catch (StoreException)
        {
            return "an error, which the log has";
        }
    }
}
