using System.Diagnostics;

namespace KnapsackCloud.Cli.Tests;

internal static class Signal
{
    /// <summary>What Ctrl-C sends.</summary>
    public static Task InterruptAsync(int processId) => SendAsync("-INT", processId);

    /// <summary>What a container host sends before it takes a container away.</summary>
    public static Task TerminateAsync(int processId) => SendAsync("-TERM", processId);

    /// <summary>The process stands still, as on a machine that is frozen or swaps.</summary>
    public static Task FreezeAsync(int processId) => SendAsync("-STOP", processId);

    public static Task ThawAsync(int processId) => SendAsync("-CONT", processId);

    private static async Task SendAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [signal, processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
