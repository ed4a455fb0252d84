using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

public class LogProbMismatchTests
{
    [Fact]
    public async Task Each_step_whose_log_probs_differ_by_more_than_the_spec_allows_is_told()
    {
        using var process = new TestProcess(new InMemoryRunStore(), Fuse.Endless, Samples.Clock(), learner: new OtherLearner());
        var run = await process.StartAsync(Samples.Spec with { Learning = new LearningSpec { MismatchLimit = 0.3 } }, Samples.Training, Samples.Evaluation);

        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);
        Assert.Equal(
            ["log-probs of step 4 differ by 0.4, limit 0.3", "log-probs of step 5 differ by 0.5, limit 0.3"],
            process.Observer.Events.Where(text => text.StartsWith("log-probs", StringComparison.Ordinal)));
    }

    /// <summary>Differs by a tenth of a nat more with every step.</summary>
    private sealed class OtherLearner : ILearner
    {
        private readonly HashChainLearner _learner = new();

        public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation) => _learner.Prepare(spec, outputFolder, progress, cancellation);

        public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation) =>
            _learner.Update(spec, input, outputFolder, cancellation) with { MaxLogProbMismatch = input.Step / 10.0 };
    }
}
