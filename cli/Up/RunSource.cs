using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KnapsackCloud.Cli.Up;

/// <summary>A run as the API lists it.</summary>
internal sealed record RunLine(string Id, string State, int Step, int Steps, string Phase);

/// <summary>Asks a control plane for its runs.</summary>
internal sealed class RunSource(Uri address) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Empty while the control plane does not answer.</summary>
    public async Task<IReadOnlyList<RunLine>> ReadAsync(int most, CancellationToken cancellation)
    {
        try
        {
            return await _client.GetFromJsonAsync($"/api/runs?limit={most}", RunLinesJson.Default.IReadOnlyListRunLine, cancellation).ConfigureAwait(false) ?? [];
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return [];
        }
    }

    public void Dispose() => _client.Dispose();
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IReadOnlyList<RunLine>))]
internal sealed partial class RunLinesJson : JsonSerializerContext;
