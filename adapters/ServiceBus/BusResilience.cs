using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Tries again with growing, jittered delays; stops asking a namespace that answers nobody.</summary>
internal static class BusResilience
{
    private const double HardlyASuccess = 0.9;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    public static ResiliencePipeline Create(ServiceBusOptions options, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(BusErrors.IsPassing),
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(BusErrors.IsPassing),
                FailureRatio = HardlyASuccess,
                MinimumThroughput = options.BreakAfter,
                SamplingDuration = Window,
                BreakDuration = options.BreakDuration,
            })
            .Build();
}
