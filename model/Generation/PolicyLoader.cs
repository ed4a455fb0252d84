using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// Opens policies from their local folders and shares the weights among all who use the same version; each gets an engine
/// of its own. A version asked for by several at once is loaded once. Thread-safe.
/// </summary>
/// <param name="keep">Versions kept loaded. One in use is never dropped, so there are more only while more are in use.</param>
public sealed class PolicyLoader(IPolicyFolders folders, EngineOptions? options = null, int keep = 2) : IPolicyLoader, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(RunId, PolicyVersion), Entry> _entries = [];
    private long _clock;
    private bool _disposed;

    public async Task<ILoadedPolicy> OpenAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        var entry = Acquire(run, version);
        try
        {
            // Others may wait for the same load, so that cancelling ends only the wait.
            var weights = await entry.Loading.WaitAsync(cancellation).ConfigureAwait(false);
            return new LoadedPolicy(weights, options, () => Release(entry));
        }
        catch
        {
            Release(entry);
            throw;
        }
    }

    /// <summary>Drops what is not in use; what is in use goes when it is given back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            DropUnused(0);
        }
    }

    private Entry Acquire(RunId run, PolicyVersion version)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_entries.TryGetValue((run, version), out var entry) || entry.Loading.IsFaulted)
            {
                entry = new Entry((run, version), Task.Run(() => LoadAsync(run, version)));
                _entries[entry.Key] = entry;
            }

            entry.Users++;
            entry.LastUse = ++_clock;
            DropUnused(keep);
            return entry;
        }
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            entry.Users--;
            DropUnused(_disposed ? 0 : keep);
        }
    }

    /// <summary>Drops the longest unused entries until <paramref name="most"/> are left or all are in use, and those that failed at once.</summary>
    private void DropUnused(int most)
    {
        var freed = false;
        foreach (var entry in _entries.Values.Where(entry => entry.Users == 0 && entry.Loading.IsCompleted).OrderBy(entry => entry.LastUse).ToList())
        {
            if (_entries.Count <= most && !entry.Loading.IsFaulted) continue;
            _entries.Remove(entry.Key);
            if (!entry.Loading.IsCompletedSuccessfully) continue;
            entry.Loading.Result.Model.Dispose();
            if (entry.Loading.Result.Basis is not { } basis) continue;
            basis.Users--;
            freed = true;
        }

        if (freed) DropUnused(most);
    }

    private async Task<Weights> LoadAsync(RunId run, PolicyVersion version)
    {
        var folder = await folders.FetchAsync(run, version, CancellationToken.None).ConfigureAwait(false);
        try
        {
            var tokenizer = TokenizerLoader.Load(folder);
            if (PolicyFolder.IsAdapterOnly(folder)) return await LoadAdaptedAsync(run, folder, tokenizer).ConfigureAwait(false);
            return new Weights(CheckpointFolder.Load(folder, (options ?? new()).WeightType), tokenizer, null);
        }
        catch (InvalidInputException e)
        {
            throw new CheckpointException($"policy {version} of run {run} cannot be loaded: {e.Message}", e);
        }
    }

    /// <summary>Policy 0, the base of every adapter, stays loaded as long as one needs it: a new version costs its adapter only.</summary>
    private async Task<Weights> LoadAdaptedAsync(RunId run, string folder, ITokenizer tokenizer)
    {
        var basis = Acquire(run, new PolicyVersion(0));
        try
        {
            return new Weights(PolicyFolder.LoadAdapted(folder, (await basis.Loading.ConfigureAwait(false)).Model), tokenizer, basis);
        }
        catch
        {
            Release(basis);
            throw;
        }
    }

    /// <param name="Basis">In use by these weights; null when they are whole.</param>
    private sealed record Weights(DecoderModel Model, ITokenizer Tokenizer, Entry? Basis);

    private sealed class Entry((RunId, PolicyVersion) key, Task<Weights> loading)
    {
        public (RunId, PolicyVersion) Key { get; } = key;
        public Task<Weights> Loading { get; } = loading;
        public int Users { get; set; }
        public long LastUse { get; set; }
    }

    private sealed class LoadedPolicy(Weights weights, EngineOptions? options, Action release) : ILoadedPolicy
    {
        private Action? _release = release;

        public IGenerator Generator { get; } = new GenerationEngine(weights.Model, options, weights.Tokenizer);
        public ITokenizer Tokenizer => weights.Tokenizer;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
