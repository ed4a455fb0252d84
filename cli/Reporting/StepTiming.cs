using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>Wall-clock seconds of one step in this process, and the memory after it. About the machine, so apart from the run's own blobs.</summary>
internal sealed record StepTiming(int Step, double Generating, double Learning, double Other, long WorkingSetBytes)
{
    public double Total => Generating + Learning + Other;
}

/// <summary>A file of timings, one JSON object a line, appended to when a run is resumed.</summary>
internal sealed class TimingFile(string path)
{
    /// <param name="store">Folder of the store.</param>
    public static TimingFile Of(string store, RunId run) => new(Path.Combine(store, BlobNames.RunPrefix(run), "report", "timings.jsonl"));

    public void Append(StepTiming timing)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.AppendAllText(path, JsonSerializer.Serialize(timing, TimingJson.Default.StepTiming) + "\n");
    }

    /// <summary>In step order; the last entry of a step counts. A line cut off by a crash is left out.</summary>
    public IReadOnlyList<StepTiming> Read()
    {
        if (!File.Exists(path)) return [];
        var timings = new SortedDictionary<int, StepTiming>();
        foreach (var line in File.ReadLines(path))
        {
            try
            {
                if (JsonSerializer.Deserialize(line, TimingJson.Default.StepTiming) is { } timing) timings[timing.Step] = timing;
            }
            catch (JsonException)
            {
                continue;
            }
        }

        return [.. timings.Values];
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(StepTiming))]
internal sealed partial class TimingJson : JsonSerializerContext;
