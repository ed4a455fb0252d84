using System.Collections.Concurrent;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>Makes runs in processes of one core each, so many at a time. A run that the store has already is read, or gone on with.</summary>
/// <param name="spec">Path of the spec that every design sets members of.</param>
/// <param name="common">Settings of every run.</param>
internal sealed class RunFarm(string spec, IReadOnlyList<SpecSetting> common, string folder, int processes, FarmProgress progress)
{
    /// <summary>Histories in the order of the designs. A run that fails ends no other: the store keeps what they came to.</summary>
    /// <exception cref="StoreException">Runs failed; names each, and why.</exception>
    public async Task<IReadOnlyList<RunHistory>> RunAsync(IReadOnlyList<RunDesign> designs, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var histories = new RunHistory[designs.Count];
        var failures = new ConcurrentQueue<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = processes, CancellationToken = cancellation };
        await Parallel.ForEachAsync(designs.Index(), options, async (pair, token) =>
        {
            try
            {
                histories[pair.Index] = await RunAsync(pair.Item, token).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                failures.Enqueue(e.Message);
                progress.Failed(e.Message);
            }
        }).ConfigureAwait(false);
        if (!failures.IsEmpty) throw new StoreException($"{failures.Count} of {designs.Count} runs failed; the others are kept, so that the same command makes these alone:\n{string.Join('\n', failures)}");
        return histories;
    }

    public RunInputs Inputs(RunDesign design) => RunInputs.Read(spec, [.. common, .. design.Settings]);

    private async Task<RunHistory> RunAsync(RunDesign design, CancellationToken cancellation)
    {
        using var store = new FolderRunStore(folder, TimeProvider.System);
        var wanted = Inputs(design).Spec;
        var found = await StoredRuns.FindAsync(store, wanted, cancellation).ConfigureAwait(false);
        if (found?.State != RunState.Completed)
        {
            await MakeAsync(design, found?.Id, cancellation).ConfigureAwait(false);
            found = await StoredRuns.FindAsync(store, wanted, cancellation).ConfigureAwait(false);
        }

        if (found?.State != RunState.Completed) throw new StoreException($"the run of {design} is not complete: {found?.Reason}");
        var history = await RunHistory.ReadAsync(store, found.Id, TimingFile.Of(store.Root, found.Id).Read(), cancellation).ConfigureAwait(false);
        progress.Finished(design, history);
        return await history.WithAllocationsAsync(store, cancellation).ConfigureAwait(false);
    }

    private async Task MakeAsync(RunDesign design, RunId? begun, CancellationToken cancellation)
    {
        string[] what = begun is { } run ? ["--resume", run.Value] : [spec, .. common.Concat(design.Settings).SelectMany(setting => (string[])["--set", setting.ToString()])];
        var (exit, errors) = await OwnProgram.RunAsync(OwnProgram.Command(cores: 1, ["run", .. what, "--out", folder, "--json"]), cancellation).ConfigureAwait(false);
        if (exit != ExitCodes.Done) throw new StoreException($"the run of {design} ended with exit code {exit}: {errors.TrimEnd().Split('\n')[^1]}");
        progress.Made();
    }
}

/// <summary>How far a comparison is, and when it will be done.</summary>
internal sealed class FarmProgress(int total, TimeProvider time, TextWriter output)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private int _finished, _made;

    /// <summary>A run was made and not only read: what the end time is told by.</summary>
    public void Made()
    {
        lock (_lock) _made++;
    }

    public void Finished(RunDesign design, RunHistory history) => Tell(FormattableString.Invariant($"{design}: held-out accuracy {history.Evaluations[^1].Evaluation.MeanReward:0.000}"));

    public void Failed(string why) => Tell(why);

    private void Tell(string what)
    {
        lock (_lock)
        {
            _finished++;
            var left = _made == 0 ? TimeSpan.Zero : time.GetElapsedTime(_start) / _made * (total - _finished);
            var end = _made == 0 || _finished == total ? "" : FormattableString.Invariant($", done about {time.GetLocalNow() + left:HH:mm}");
            output.WriteLine(FormattableString.Invariant($"{_finished} of {total} runs{end}: {what}"));
        }
    }
}
