using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Cli.Piping;

/// <summary>Starts a run over HTTP and watches it to its end.</summary>
internal sealed class ControlPlaneClient(Uri address, TimeProvider time) : IDisposable
{
    /// <summary>Seldom enough not to disturb.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient _client = new() { BaseAddress = address };

    /// <returns>The run's id.</returns>
    /// <exception cref="StoreException">It was refused; says why.</exception>
    public async Task<string> StartAsync(string spec, CancellationToken cancellation)
    {
        using var answer = await _client.PostAsync("/api/runs", new StringContent(spec), cancellation).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode) throw new StoreException(await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false));
        return (await answer.Content.ReadFromJsonAsync(StatusLookJson.Default.StatusLook, cancellation).ConfigureAwait(false))!.Id;
    }

    /// <param name="failure">What else went wrong, or null.</param>
    /// <exception cref="StoreException">The run did not complete.</exception>
    public async Task FollowAsync(string run, Func<string?> failure, CancellationToken cancellation)
    {
        using var ticks = new PeriodicTimer(Look, time);
        while (true)
        {
            var status = (await _client.GetFromJsonAsync($"/api/runs/{run}", StatusLookJson.Default.StatusLook, cancellation).ConfigureAwait(false))!;
            if (status.State == "completed") return;
            var problem = failure() ?? (status.State == "running" ? null : $"the run is {status.State}: {status.Reason}");
            if (problem is not null) throw new StoreException(problem);
            await ticks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>A run's status as the API gives it.</summary>
internal sealed record StatusLook(string Id, string State, string? Reason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(StatusLook))]
internal sealed partial class StatusLookJson : JsonSerializerContext;
