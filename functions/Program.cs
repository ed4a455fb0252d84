using KnapsackCloud.Functions;

return await FunctionsHost.RunAsync(args, CancellationToken.None);
