using System.Collections.Concurrent;
using System.Diagnostics;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

public class StepTraceTests
{
    [Fact]
    public async Task A_step_is_one_trace_over_all_queues_and_no_other_step_is_in_it()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StepTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var process = new TestProcess(new InMemoryRunStore(), Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Spec with { Name = "traced" }, Samples.Training, Samples.Evaluation);
        await process.RunAsync(run);

        var steps = spans.Where(span => (string?)span.GetTagItem("knapsack.run") == run.Value).ToLookup(span => (int)span.GetTagItem("knapsack.step")!);
        Assert.Equal(Enumerable.Range(0, Samples.Spec.Steps + 2), steps.Select(step => step.Key).Order());
        Assert.All(steps, step => Assert.Single(step.Select(span => span.TraceId).Distinct()));
        Assert.Equal(steps.Count, steps.Select(step => step.First().TraceId).Distinct().Count());
        Assert.All(Enumerable.Range(1, Samples.Spec.Steps), step => Assert.Equal(
            ["checkpoint-ready process", "learn process", "plan process", "rollout-done process", "rollouts process"], steps[step].Select(span => span.OperationName).Distinct().Order(StringComparer.Ordinal)));
    }
}
