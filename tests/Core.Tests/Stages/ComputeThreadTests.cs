using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Tests.Stages;

public class ComputeThreadTests
{
    [Fact]
    public async Task All_work_runs_on_one_thread_in_order_and_what_follows_does_not()
    {
        using var thread = new ComputeThread("compute");
        var order = new List<int>();
        var work = Enumerable.Range(0, 20).Select(i => thread.RunAsync(() => { order.Add(i); return Environment.CurrentManagedThreadId; })).ToList();
        var ids = await Task.WhenAll(work);
        Assert.Single(ids.Distinct());
        Assert.Equal(Enumerable.Range(0, 20), order);
        Assert.NotEqual(ids[0], Environment.CurrentManagedThreadId);
    }

    [Fact]
    public async Task An_exception_is_the_caller_s_and_the_thread_goes_on()
    {
        using var thread = new ComputeThread("compute");
        await Assert.ThrowsAsync<InvalidOperationException>(() => thread.RunAsync<int>(() => throw new InvalidOperationException()));
        Assert.Equal(7, await thread.RunAsync(() => 7));
    }

    [Fact]
    public async Task Work_given_before_the_end_is_done_and_none_is_taken_after_it()
    {
        var thread = new ComputeThread("compute");
        var work = thread.RunAsync(() => 7);
        thread.Dispose();
        Assert.Equal(7, await work);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => thread.RunAsync(() => 8));
    }
}
