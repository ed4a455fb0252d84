using KnapsackCloud.GpuWorker;

return await WorkerHost.RunAsync(args, CancellationToken.None);
