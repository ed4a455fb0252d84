using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Tests.Collect;

namespace KnapsackCloud.Core.Tests.Plan;

public class AllocationBucketsTests
{
    [Fact]
    public void Every_task_is_in_the_bucket_of_its_predicted_success_rate()
    {
        var plan = Rollouts.Plan([]) with { Allocations = [Predicted("a", 3, 0), Predicted("b", 4, 0.0999), Predicted("c", 5, 0.1), Predicted("d", 0, 0.95), Predicted("e", 7, 1)] };

        var buckets = AllocationBuckets.Of(plan);

        Assert.Equal([2, 1, 0, 0, 0, 0, 0, 0, 0, 2], buckets.Tasks);
        Assert.Equal([7, 5, 0, 0, 0, 0, 0, 0, 0, 7], buckets.Rollouts);
    }

    private static TaskAllocation Predicted(string task, int rollouts, double rate) => new(TaskId.Parse(task), rollouts, 1, 1, rate, 0.5);
}
