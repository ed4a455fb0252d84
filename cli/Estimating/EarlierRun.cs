using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Cli.Estimating;

/// <summary>What a run that was made before says of one that is to be made.</summary>
/// <param name="Step">The ledger's.</param>
/// <param name="Compute">Rates of the machine that it ran on; null when it has not got far enough.</param>
internal sealed record EarlierRun(RunId Id, int Step, IReadOnlyList<TaskRecord> Ledger, MeasuredCompute? Compute)
{
    /// <summary>The ledger is that after one epoch: later ones tell of a policy that has learned already.</summary>
    /// <exception cref="InvalidInputException">There is no such run, or it has no finished step.</exception>
    public static async Task<EarlierRun> ReadAsync(FolderRunStore store, string name, int epoch, CancellationToken cancellation)
    {
        var status = await StoredRuns.FindAsync(store, "--from", name, cancellation).ConfigureAwait(false);
        if (status.Step == 0) throw new InvalidInputException("--from", $"run {status.Id} has not finished a step yet");
        var step = Math.Min(status.Step, epoch);
        var ledger = await new RunBlobs(store, new ParquetRecordFormat()).RequireLedgerAsync(status.Id, step, cancellation).ConfigureAwait(false);
        var history = await RunHistory.ReadAsync(store, status.Id, TimingFile.Of(store.Root, status.Id).Read(), cancellation).ConfigureAwait(false);
        return new EarlierRun(status.Id, step, ledger, Measured(history));
    }

    /// <summary>Of the steps that were timed in this store's process and did not evaluate.</summary>
    private static MeasuredCompute? Measured(RunHistory history)
    {
        var timings = history.Timings.ToDictionary(timing => timing.Step);
        var steps = history.TrainingSteps.Where(step => step.Evaluation is null && step.Tokens > 0 && timings.ContainsKey(step.Step)).ToList();
        var learned = steps.Sum(step => (double)step.Tokens * step.MixedRollouts / step.Rollouts);
        if (learned == 0) return null;
        return new MeasuredCompute(
            steps.Sum(step => (double)step.Tokens) / steps.Sum(step => timings[step.Step].Generating),
            learned / steps.Sum(step => timings[step.Step].Learning),
            steps.Average(step => timings[step.Step].Other),
            $"measured in {steps.Count} steps of run {history.Status.Id}");
    }
}
