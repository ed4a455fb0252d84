using KnapsackCloud.Cli;
using KnapsackCloud.Cli.Commands;

return await CommandLine.RunAsync(args,
[
    RunCommand.Create(),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    CompareCommand.Create(),
    AllocateCommand.Create(),
]);
