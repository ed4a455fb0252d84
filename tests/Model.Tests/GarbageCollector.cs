using System.Runtime.CompilerServices;

namespace KnapsackCloud.Model.Tests;

/// <summary>
/// With <c>KNAPSACK_COLLECT=1</c> all of these tests run while garbage is collected without pause, and memory that is free is given back:
/// what lets go of a tensor, a number or an array too early then fails within a few runs, which take some five times as long.
/// </summary>
internal static class GarbageCollector
{
    /// <summary>All generations are collected once in so many times.</summary>
    private const int Whole = 50;

    [ModuleInitializer]
    internal static void Start()
    {
        if (Environment.GetEnvironmentVariable("KNAPSACK_COLLECT") == "1") new Thread(() => CollectUntil(CancellationToken.None)) { IsBackground = true, Name = "collector" }.Start();
    }

    public static void CollectUntil(CancellationToken stop)
    {
        for (var time = 0; !stop.IsCancellationRequested; time = (time + 1) % Whole)
        {
            if (time == 0) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            else GC.Collect(0);
            GC.WaitForPendingFinalizers();
        }
    }
}
