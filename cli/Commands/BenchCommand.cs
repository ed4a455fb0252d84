using System.CommandLine;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench</c>: measurements, each with its peer in the same run.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures parts of the program, each beside a peer in the same run.") { BenchSolverCommand.Create(), BenchAllocationCommand.Create(), BenchGenerateCommand.Create(), BenchVerifyCommand.Create(), BenchLearnCommand.Create(), BenchQueueCommand.Create(), BenchPipelineCommand.Create() };
}
