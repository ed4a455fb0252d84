using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

public class CrashTests
{
    [Theory]
    [MemberData(nameof(Samples.DisturbedNames), MemberType = typeof(Samples))]
    public async Task A_process_killed_after_any_single_effect_is_replaced_by_one_that_ends_with_the_same_blobs(string name)
    {
        var spec = Samples.Disturbed[name];
        var undisturbed = await Samples.UndisturbedAsync(spec);
        Assert.Equal(RunState.Completed, undisturbed.Status.State);
        Assert.InRange(undisturbed.Effects, 150, 1_000);
        Assert.Equal(spec.Allocation.Policy == "rounds", undisturbed.Blobs.Keys.Any(name => name.EndsWith("/plan-r02.json", StringComparison.Ordinal)));
        for (var effects = 1; effects < undisturbed.Effects; effects++) Samples.AssertSame(undisturbed.Blobs, await KilledAsync(spec, effects, int.MaxValue));
    }

    [Fact]
    public async Task A_process_killed_again_and_again_gets_there_all_the_same()
    {
        foreach (var spec in (RunSpec[])[Samples.Spec, .. Samples.OtherAllocations])
        {
            var undisturbed = await Samples.UndisturbedAsync(spec);
            await Gen.Int[1, 40].Array[1, 8].SampleAsync(async lives => Samples.AssertSame(undisturbed.Blobs, await KilledAsync(spec, [.. lives, int.MaxValue])), iter: 8);
        }
    }

    /// <summary>Runs to the end through processes that each live for so many effects.</summary>
    private static async Task<IReadOnlyDictionary<string, byte[]>> KilledAsync(RunSpec spec, params int[] lives)
    {
        var store = new InMemoryRunStore();
        RunId run;
        using (var first = new TestProcess(store, Fuse.Endless, Samples.Clock()))
            run = await first.StartAsync(spec, Samples.Training, Samples.Evaluation);
        foreach (var effects in lives)
        {
            var fuse = new Fuse(effects);
            using var process = new TestProcess(store, fuse, Samples.Clock());
            try
            {
                await process.RunAsync(run);
                break;
            }
            catch (Exception) when (fuse.IsBlown)
            {
                // The next one goes on.
            }
        }
        return store.Blobs;
    }
}
