using System.Diagnostics;

namespace KnapsackCloud.Cli.Running;

/// <summary>This program again, as a process of its own.</summary>
internal static class OwnProgram
{
    public const string Launcher = "dotnet";

    /// <summary>What the launcher takes.</summary>
    public static IEnumerable<string> Arguments(IEnumerable<string> arguments) => [typeof(OwnProgram).Assembly.Location, .. arguments];

    /// <param name="cores">Cores it takes itself to have.</param>
    public static ProcessStartInfo Command(int cores, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Launcher, Arguments(arguments)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["DOTNET_PROCESSOR_COUNT"] = cores.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return start;
    }

    /// <summary>Runs it to its end; it and its children are killed when that is not waited for.</summary>
    /// <returns>Exit code and what it wrote to stderr.</returns>
    public static async Task<(int ExitCode, string Errors)> RunAsync(ProcessStartInfo command, CancellationToken cancellation)
    {
        using var process = Process.Start(command) ?? throw new IOException($"{command.FileName} could not be started");
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = await process.StandardError.ReadToEndAsync(cancellation).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return (process.ExitCode, errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
