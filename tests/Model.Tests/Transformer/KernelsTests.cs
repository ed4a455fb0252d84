using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Transformer;

public class KernelsTests
{
    [Fact]
    public async Task Numbers_passed_to_a_kernel_outlive_the_call_also_when_garbage_is_collected()
    {
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(() => CollectUntil(stop.Token), TestContext.Current.CancellationToken);
        try
        {
            CallOften();
        }
        finally
        {
            await stop.CancelAsync();
            await collecting;
        }
    }

    private static void CallOften()
    {
        using var scope = NewDisposeScope();
        var (x, weight) = (ones(1, 4), ones(4));
        for (var call = 0; call < 5000; call++)
        {
            using var one = NewDisposeScope();
            Assert.Equal(1 / Math.Sqrt(5), Kernels.RmsNorm(x, weight, eps: 4)[0, 0].item<float>(), 1e-6);
        }
    }

    private static void CollectUntil(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            GC.Collect(0);
            GC.WaitForPendingFinalizers();
        }
    }
}
