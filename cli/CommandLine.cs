using System.CommandLine;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using Spectre.Console;

namespace KnapsackCloud.Cli;

/// <summary>Parses, runs, and turns what went wrong into one clear message and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>A file has no edge: in 80 columns the numbers of a wide table would be broken.</summary>
    private const int FileWidth = 200;

    public static async Task<int> RunAsync(string[] args, IReadOnlyList<Command> commands)
    {
        var root = new RootCommand("Post-trains language models with GRPO and spends the rollouts where they teach most.");
        foreach (var command in commands) root.Subcommands.Add(command);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) Fail(error.Message);
            await Console.Error.WriteLineAsync($"See: knapsack {parsed.CommandResult.Command.Name} --help").ConfigureAwait(false);
            return ExitCodes.WrongInput;
        }

        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, FileWidth);
        using var interrupt = new Interrupt();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupt.Token).ConfigureAwait(false);
        }
        catch (InvalidInputException e)
        {
            foreach (var error in e.Errors) Fail(error.ToString());
            return ExitCodes.WrongInput;
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception e) when (e is StoreException or CheckpointException or IOException or UnauthorizedAccessException)
        {
            Fail(e.Message);
            return ExitCodes.Failed;
        }
    }

    private static void Fail(string message) => Console.Error.WriteLine($"error: {message}");
}

internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongInput = 2;
    public const int Interrupted = 130;
}
