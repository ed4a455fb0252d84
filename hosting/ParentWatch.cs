using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Hosting;

/// <summary>
/// Stops the host when the process that started it is gone, however that ended: its end of this process's standard input
/// closes then. Only where <see cref="Variable"/> says that somebody holds the other end.
/// </summary>
public sealed class ParentWatch(IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>Environment variable; <c>stdin</c> switches the watch on.</summary>
    public const string Variable = "KNAPSACK_PARENT";
    public const string OnInput = "stdin";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) == OnInput;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A read of standard input cannot be cancelled; it is left behind when the host stops for another reason.
        await Task.Run(ReadToEnd, CancellationToken.None).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lifetime.StopApplication();
    }

    private static void ReadToEnd()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[256];
        while (input.Read(buffer) > 0) { }
    }
}
