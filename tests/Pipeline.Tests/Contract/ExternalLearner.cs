using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using Parquet.Serialization;
using Parquet.Serialization.Attributes;

namespace KnapsackCloud.Pipeline.Tests.Contract;

/// <summary>
/// A learner written from docs/learner-contract.md: of the project it uses the store and the queues as such, and none of its types for what is in
/// them. It teaches the same hash chain as <see cref="HashChainLearner"/>, so that whatever it reads otherwise shows in the weights.
/// </summary>
internal sealed class ExternalLearner(IRunStore store, IWorkQueue learn, IWorkQueue checkpointReady) : IMessagePump
{
    /// <summary>Changes a manifest before it is written, to break the contract.</summary>
    public Func<string, string> Manifest { get; init; } = text => text;

    /// <summary>Policies that it made.</summary>
    public List<int> Made { get; } = [];

    /// <summary>One message; false when there was none.</summary>
    public async Task<bool> PumpOneAsync(CancellationToken stop, CancellationToken abort)
    {
        if (await learn.ReceiveAsync(TimeSpan.FromMinutes(5), stop) is not { } lease) return false;
        var message = JsonNode.Parse(lease.Body.Span)!;
        var (run, step) = (message["run"]!.GetValue<string>(), message["step"]!.GetValue<int>());
        if (await ReadAsync($"runs/{run}/status.json") is { } status && JsonNode.Parse(status)!["state"]!.GetValue<string>() == "Running")
        {
            var there = await ReadAsync($"{Policy(run, step)}manifest.json") is not null;
            if (there || await MakeAsync(run, step))
                await checkpointReady.SendAsync(Encoding.UTF8.GetBytes($$"""{"run":"{{run}}","version":{{step}},"format":1}"""), $"{run}-checkpoint-{step:D6}", TimeSpan.Zero, abort);
        }

        await lease.CompleteAsync(abort);
        return true;
    }

    public Task RunAsync(CancellationToken stop, CancellationToken abort) => throw new NotSupportedException();

    /// <summary>False when the step is not collected yet.</summary>
    private async Task<bool> MakeAsync(string run, int step)
    {
        string taught;
        if (step == 0)
        {
            taught = $"seed {JsonNode.Parse(await RequireAsync($"runs/{run}/spec.json"))!["seed"]}";
        }
        else
        {
            if (await ReadAsync($"{Step(run, step)}summary.json") is not { } summary) return false;
            var groups = await GroupsAsync(run, step, JsonNode.Parse(summary)!);
            taught = Encoding.UTF8.GetString(await RequireAsync($"{Policy(run, step - 1)}model.bin")) + string.Concat(groups.Select(Text));
            var rows = groups.Sum(group => group.Count);
            await CreateAsync($"{Step(run, step)}learning.json", $$"""{"format":1,"step":{{step}},"version":{{step}},"rows":{{rows}},"packedTokens":1,"rowTokens":1,"updates":1,"loss":0,"gradientNorm":0,"clipFraction":0,"entropy":0,"maxLogProbMismatch":0,"seconds":0}""");
        }

        await CreateAsync($"{Policy(run, step)}model.bin", Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(taught))));
        var stored = await RequireAsync($"{Policy(run, step)}model.bin");
        await CreateAsync($"{Policy(run, step)}manifest.json", Manifest($$"""{"format":1,"version":{{step}},"files":[{"name":"model.bin","bytes":{{stored.Length}},"sha256":"{{Convert.ToHexStringLower(SHA256.HashData(stored))}}"}]}"""));
        Made.Add(step);
        return true;
    }

    /// <summary>The mixed groups of a step, errored rollouts left out.</summary>
    private async Task<List<List<Row>>> GroupsAsync(string run, int step, JsonNode summary)
    {
        var failed = summary["failedItems"]!.AsArray().Select(item => item!.GetValue<string>()).ToHashSet();
        var (order, rows) = (new List<string>(), new List<Row>());
        for (var round = 1; await ReadAsync($"{Step(run, step)}{(round == 1 ? "plan" : $"plan-r{round:D2}")}.json") is { } text; round++)
        {
            var plan = JsonNode.Parse(text)!;
            order.AddRange(plan["allocations"]!.AsArray().Select(one => one!["task"]!.GetValue<string>()).Except(order));
            foreach (var item in plan["items"]!.AsArray().Where(item => item!["purpose"]!.GetValue<string>() == "Training").Select(item => item!["id"]!.GetValue<string>()).Where(item => !failed.Contains(item)))
                rows.AddRange((await ParquetSerializer.DeserializeAsync<Row>(new MemoryStream(await RequireAsync($"{Step(run, step)}rollouts/{item}.parquet")))).Data);
        }

        return [.. rows.Where(row => row.Reward is not null).GroupBy(row => row.Task).OrderBy(group => order.IndexOf(group.Key))
            .Select(group => group.OrderBy(row => row.Index).ToList()).Where(group => group.Any(row => row.Reward != group[0].Reward))];
    }

    private static string Text(List<Row> group)
    {
        var mean = group.Sum(row => row.Reward!.Value) / group.Count;
        var deviation = Math.Sqrt(group.Sum(row => (row.Reward!.Value - mean) * (row.Reward!.Value - mean)) / group.Count);
        var text = new StringBuilder().AppendJoin(',', group[0].PromptIds).Append('|');
        foreach (var row in group) text.AppendJoin(',', row.CompletionIds).Append('/').AppendJoin(',', row.LogProbs).Append('/').Append((row.Reward!.Value - mean) / (deviation + 1e-4)).Append(';');
        return text.ToString();
    }

    private static string Step(string run, int step) => $"runs/{run}/steps/{step:D6}/";

    private static string Policy(string run, int version) => $"runs/{run}/policies/{version:D6}/";

    private async Task<byte[]?> ReadAsync(string name) => (await store.ReadAsync(new BlobName(name), CancellationToken.None))?.Content.ToArray();

    private async Task<byte[]> RequireAsync(string name) => await ReadAsync(name) ?? throw new InvalidOperationException($"{name} is missing");

    private Task<bool> CreateAsync(string name, string text) => store.CreateAsync(new BlobName(name), (output, token) => output.WriteAsync(Encoding.UTF8.GetBytes(text), token).AsTask(), CancellationToken.None);

    /// <summary>Columns by their names on the page.</summary>
    private sealed class Row
    {
        [JsonPropertyName("task"), ParquetRequired]
        public string Task { get; set; } = "";
        [JsonPropertyName("index")]
        public int Index { get; set; }
        [JsonPropertyName("prompt_ids")]
        public List<int> PromptIds { get; set; } = [];
        [JsonPropertyName("completion_ids")]
        public List<int> CompletionIds { get; set; } = [];
        [JsonPropertyName("logprobs")]
        public List<float> LogProbs { get; set; } = [];
        [JsonPropertyName("reward")]
        public double? Reward { get; set; }
    }
}
