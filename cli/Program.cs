using KnapsackCloud.Cli;

return await CommandLine.RunAsync(args,
[
]);
