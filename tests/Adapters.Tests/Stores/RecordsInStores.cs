using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Adapters.Tests.Stores;

/// <summary>Records through a store whose streams may be read only once, from start to end.</summary>
internal static class RecordsInStores
{
    public static async Task AssertRoundTripAsync(Core.Ports.IRunStore store, CancellationToken cancellation)
    {
        var run = RunId.Parse($"records-{Guid.NewGuid():N}");
        Trajectory[] written = [.. Enumerable.Range(0, 5_000).Select(i => new Trajectory
        {
            Task = TaskId.Parse($"task-{i}"),
            Index = i,
            GroupSize = 2,
            PromptIds = [i, 2 * i],
            CompletionIds = [.. Enumerable.Range(i, i % 40)],
            LogProbs = [.. Enumerable.Range(0, i % 40).Select(n => -n / 3f)],
            Reward = i % 3 == 0 ? null : 1,
            StopReason = StopReason.Eos,
            Policy = new PolicyVersion(1),
            Sampling = new SamplingSpec(),
            Seed = (ulong)i,
        })];
        Assert.True(await new RunBlobs(store, new ParquetRecordFormat()).CreateTrajectoriesAsync(run, 1, "t000", written, cancellation));
        var read = await new RunBlobs(store, new ParquetRecordFormat()).ReadTrajectoriesAsync(run, 1, "t000", cancellation);
        Assert.Equal(JsonSerializer.Serialize(written), JsonSerializer.Serialize(read));
    }
}
