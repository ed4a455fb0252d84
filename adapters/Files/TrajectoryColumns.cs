using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using Parquet.Schema;

namespace KnapsackCloud.Adapters.Files;

/// <summary>A trajectory as columns. Token ids and log-probs are lists, with their length beside them for whom that is enough; the parts of the reward and the stop texts are JSON in text.</summary>
internal static class TrajectoryColumns
{
    public static ParquetSchema Schema { get; } = new(
        new DataField<string>("task", nullable: false),
        new DataField<int>("index"),
        new DataField<int>("group_size"),
        new ListField("prompt_ids", new DataField<int>("element")),
        new ListField("completion_ids", new DataField<int>("element")),
        new ListField("logprobs", new DataField<float>("element")),
        new DataField<int>("completion_tokens"),
        new DataField<double>("reward", nullable: true),
        new DataField<string>("reward_parts", nullable: false),
        new DataField<string>("error", nullable: true),
        new DataField<string>("stop_reason", nullable: false),
        new DataField<int>("policy_version"),
        new DataField<double>("temperature"),
        new DataField<double>("top_p"),
        new DataField<int>("top_k"),
        new DataField<int>("max_tokens"),
        new DataField<int>("min_tokens"),
        new DataField<string>("stop", nullable: false),
        new ListField("stop_tokens", new DataField<int>("element")),
        new DataField<ulong>("seed"),
        new DataField<string>("worker", nullable: false),
        new DataField<double>("generation_seconds"));

    public static async Task WriteAsync(IReadOnlyList<Trajectory> rows, ParquetColumnWriter columns)
    {
        await columns.TextAsync([.. rows.Select(row => row.Task.Value)]);
        await columns.NumbersAsync(rows.Select(row => row.Index));
        await columns.NumbersAsync(rows.Select(row => row.GroupSize));
        await columns.ListsAsync([.. rows.Select(row => row.PromptIds)]);
        await columns.ListsAsync([.. rows.Select(row => row.CompletionIds)]);
        await columns.ListsAsync([.. rows.Select(row => row.LogProbs)]);
        await columns.NumbersAsync(rows.Select(row => row.CompletionTokens));
        await columns.OptionalNumbersAsync(rows.Select(row => row.Reward));
        await columns.TextAsync([.. rows.Select(row => PartsText(row.RewardParts))]);
        await columns.TextAsync([.. rows.Select(row => row.Error)]);
        await columns.TextAsync([.. rows.Select(row => StopText(row.StopReason))]);
        await columns.NumbersAsync(rows.Select(row => row.Policy.Value));
        await columns.NumbersAsync(rows.Select(row => row.Sampling.Temperature));
        await columns.NumbersAsync(rows.Select(row => row.Sampling.TopP));
        await columns.NumbersAsync(rows.Select(row => row.Sampling.TopK));
        await columns.NumbersAsync(rows.Select(row => row.Sampling.MaxTokens));
        await columns.NumbersAsync(rows.Select(row => row.Sampling.MinTokens));
        await columns.TextAsync([.. rows.Select(row => JsonSerializer.Serialize(row.Sampling.Stop, ContractsJson.Default.IReadOnlyListString))]);
        await columns.ListsAsync([.. rows.Select(row => row.Sampling.StopTokens.ToArray())]);
        await columns.NumbersAsync(rows.Select(row => row.Seed));
        await columns.TextAsync([.. rows.Select(row => row.Worker)]);
        await columns.NumbersAsync(rows.Select(row => row.GenerationSeconds));
    }

    public static async Task<IReadOnlyList<Trajectory>> ReadAsync(ParquetColumnReader columns)
    {
        var task = await columns.TextAsync("task");
        var index = await columns.NumbersAsync<int>("index");
        var groupSize = await columns.NumbersAsync<int>("group_size");
        var promptIds = await columns.ListsAsync<int>("prompt_ids");
        var completionIds = await columns.ListsAsync<int>("completion_ids");
        var logProbs = await columns.ListsAsync<float>("logprobs");
        var reward = await columns.OptionalNumbersAsync<double>("reward");
        var parts = Parsed(await columns.TextAsync("reward_parts"), PartsOf);
        var error = await columns.TextAsync("error");
        var stopReason = await columns.TextAsync("stop_reason");
        var policy = await columns.NumbersAsync<int>("policy_version");
        var sampling = await ReadSamplingAsync(columns);
        var seed = await columns.NumbersAsync<ulong>("seed");
        var worker = await columns.TextAsync("worker");
        var seconds = await columns.NumbersAsync<double>("generation_seconds");
        return [.. Enumerable.Range(0, columns.Rows).Select(i => new Trajectory
        {
            Task = TaskId.Parse(task[i] ?? ""),
            Index = index[i],
            GroupSize = groupSize[i],
            PromptIds = promptIds[i],
            CompletionIds = completionIds[i],
            LogProbs = logProbs[i],
            Reward = reward[i],
            RewardParts = parts[i],
            Error = error[i],
            StopReason = StopOf(stopReason[i]),
            Policy = new PolicyVersion(policy[i]),
            Sampling = sampling[i],
            Seed = seed[i],
            Worker = worker[i] ?? "",
            GenerationSeconds = seconds[i],
        })];
    }

    public static async Task<IReadOnlyList<RolloutOutcome>> ReadOutcomesAsync(ParquetColumnReader columns)
    {
        var task = await columns.TextAsync("task");
        var index = await columns.NumbersAsync<int>("index");
        var tokens = await columns.NumbersAsync<int>("completion_tokens");
        var reward = await columns.OptionalNumbersAsync<double>("reward");
        var error = await columns.TextAsync("error");
        var policy = await columns.NumbersAsync<int>("policy_version");
        var worker = await columns.TextAsync("worker");
        var seconds = await columns.NumbersAsync<double>("generation_seconds");
        return [.. Enumerable.Range(0, columns.Rows).Select(i => new RolloutOutcome
        {
            Task = TaskId.Parse(task[i] ?? ""),
            Index = index[i],
            CompletionTokens = tokens[i],
            Reward = reward[i],
            Error = error[i],
            Policy = new PolicyVersion(policy[i]),
            Worker = worker[i] ?? "",
            GenerationSeconds = seconds[i],
        })];
    }

    private static async Task<SamplingSpec[]> ReadSamplingAsync(ParquetColumnReader columns)
    {
        var temperature = await columns.NumbersAsync<double>("temperature");
        var topP = await columns.NumbersAsync<double>("top_p");
        var topK = await columns.NumbersAsync<int>("top_k");
        var maxTokens = await columns.NumbersAsync<int>("max_tokens");
        var minTokens = await columns.NumbersAsync<int>("min_tokens");
        var stop = Parsed(await columns.TextAsync("stop"), StopsOf);
        var stopTokens = await columns.ListsAsync<int>("stop_tokens");
        return [.. Enumerable.Range(0, columns.Rows).Select(i => new SamplingSpec
        {
            Temperature = temperature[i],
            TopP = topP[i],
            TopK = topK[i],
            MaxTokens = maxTokens[i],
            MinTokens = minTokens[i],
            Stop = stop[i],
            StopTokens = stopTokens[i],
        })];
    }

    /// <summary>A step's rows have few different texts: each is parsed once.</summary>
    private static T[] Parsed<T>(IReadOnlyList<string?> texts, Func<string?, T> parse)
    {
        var known = new Dictionary<string, T>(StringComparer.Ordinal);
        return [.. texts.Select(text => known.TryGetValue(text ?? "", out var value) ? value : known[text ?? ""] = parse(text))];
    }

    private static IReadOnlyList<string> StopsOf(string? text) => JsonSerializer.Deserialize(text ?? "[]", ContractsJson.Default.IReadOnlyListString) ?? [];

    /// <summary><c>{"exact":1}</c></summary>
    private static string PartsText(IReadOnlyList<RewardPart> parts)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var part in parts) json.WriteNumber(part.Name, part.Value);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static IReadOnlyList<RewardPart> PartsOf(string? text)
    {
        using var json = JsonDocument.Parse(text ?? "{}");
        return [.. json.RootElement.EnumerateObject().Select(part => new RewardPart(part.Name, part.Value.GetDouble()))];
    }

    private static string StopText(StopReason reason) => reason switch
    {
        StopReason.Eos => "eos",
        StopReason.Length => "length",
        _ => "stop",
    };

    private static StopReason StopOf(string? text) => text switch
    {
        "eos" => StopReason.Eos,
        "length" => StopReason.Length,
        "stop" => StopReason.Stop,
        _ => throw new InvalidDataException($"'{text}' is not a stop reason"),
    };
}
