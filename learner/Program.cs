using KnapsackCloud.Learner;

return await LearnerHost.RunAsync(args, CancellationToken.None);
