using KnapsackCloud.Cli;
using KnapsackCloud.Cli.Commands;

return await CommandLine.RunAsync(args,
[
    RunCommand.Create(),
    UpCommand.Create(),
    HostCommands.CreateWorker(),
    HostCommands.CreateLearner(),
    HostCommands.CreateFunctions(),
    InspectCommand.CreateList(),
    InspectCommand.Create(),
    EstimateCommand.Create(),
    CompareCommand.Create(),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    TokenizeCommand.Create(),
    VerifyCommand.Create(),
    AllocateCommand.Create(),
    BenchCommand.Create(),
]);
