using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Files;

/// <summary>
/// Checkpoints between a store and local folders. Fetched policies are checked against their manifest once and cached;
/// the policy that this process published is cached as it is. The cache keeps the newest few versions of a run, and the
/// last old one that was asked for: a reference is asked for at every step.
/// Thread-safe.
/// </summary>
/// <param name="cacheFolder">Local, for this process alone; its content may be lost at any time between runs.</param>
public sealed class PolicyFolders(IRunStore store, string cacheFolder) : IPolicyFolders, IDisposable
{
    /// <summary>Local versions of a run; a reader may still be at the one before the two that matter.</summary>
    private const int KeptVersions = 4;
    private const int BufferBytes = 1 << 17;
    private const string ManifestFile = "manifest.json";
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<(RunId Run, PolicyVersion Version), string> _cached = [];
    private readonly ConcurrentDictionary<RunId, PolicyVersion> _lastOld = [];

    public async Task<string> FetchAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        if (_cached.TryGetValue((run, version), out var known)) return Used(run, version, known);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_cached.TryGetValue((run, version), out known)) return known;
            var folder = NewFolder(run, version);
            await DownloadAsync(run, version, folder, cancellation);
            Remember(run, version, folder);
            return folder;
        }
        finally
        {
            _gate.Release();
        }
    }

    public string CreateWorkFolder(RunId run, PolicyVersion version) => NewFolder(run, version);

    /// <summary>
    /// Where an earlier attempt that came to no manifest left a file, that file stays and the manifest describes it: what
    /// is stored is the truth, so the manifest holds however many attempts overlap.
    /// </summary>
    public async Task<bool> PublishAsync(RunId run, PolicyVersion version, string folder, CancellationToken cancellation)
    {
        var names = Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToList();
        if (names.FirstOrDefault(name => !IsFileName(name)) is { } wrong)
            throw new CheckpointException($"'{wrong}' in '{folder}' is not a checkpoint file name: use A-Z, a-z, 0-9, '.', '_' and '-', not starting with '.', and not {ManifestFile}");
        if (names.Count == 0) throw new CheckpointException($"'{folder}' has no files to publish");

        var uploads = await Task.WhenAll(names.Select(name => UploadAsync(run, version, folder, name, cancellation)));
        var manifest = new CheckpointManifest(MessageFormat.Current, version, [.. uploads.Select(upload => upload.Stored)]);
        var created = await store.CreateAsync(
            BlobNames.Manifest(run, version),
            (output, token) => output.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.CheckpointManifest), token).AsTask(),
            cancellation);
        if (created && uploads.All(upload => upload.IsOurs)) Remember(run, version, folder);
        return created;
    }

    /// <summary>Deletes the cache.</summary>
    public void Dispose()
    {
        _gate.Dispose();
        if (Directory.Exists(cacheFolder)) Directory.Delete(cacheFolder, recursive: true);
    }

    private async Task<(CheckpointFile Stored, bool IsOurs)> UploadAsync(
        RunId run, PolicyVersion version, string folder, string name, CancellationToken cancellation)
    {
        var blob = BlobNames.PolicyFile(run, version, name);
        CheckpointFile? ours = null;
        var created = await store.CreateAsync(blob, async (output, token) =>
        {
            await using var input = File.OpenRead(Path.Combine(folder, name));
            ours = await CopyAsync(name, input, output, token);
        }, cancellation);
        if (created) return (ours!, true);

        await using var stored = await store.OpenReadAsync(blob, cancellation)
            ?? throw new CheckpointException($"{blob} was there and is gone: is another process deleting from the run?");
        return (await CopyAsync(name, stored, Stream.Null, cancellation), false);
    }

    private async Task DownloadAsync(RunId run, PolicyVersion version, string folder, CancellationToken cancellation)
    {
        foreach (var expected in (await ReadManifestAsync(run, version, cancellation)).Files)
        {
            var blob = BlobNames.PolicyFile(run, version, expected.Name);
            await using var input = await store.OpenReadAsync(blob, cancellation) ?? throw new CheckpointException($"{blob} is missing, but the manifest names it");
            await using var output = File.Create(Path.Combine(folder, expected.Name));
            var found = await CopyAsync(expected.Name, input, output, cancellation);
            if (found != expected)
                throw new CheckpointException($"{blob} is damaged: the manifest says {expected.Bytes} bytes with SHA-256 {expected.Sha256}, found {found.Bytes} with {found.Sha256}");
        }
    }

    private async Task<CheckpointManifest> ReadManifestAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        var name = BlobNames.Manifest(run, version);
        var blob = await store.ReadAsync(name, cancellation) ?? throw new CheckpointException($"policy {version} of run {run} is not published: {name} is missing");
        CheckpointManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(blob.Content.Span, ContractsJson.Default.CheckpointManifest);
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"{name} cannot be read: {error.Message}", error);
        }
        if (manifest is not { Format: MessageFormat.Current } || manifest.Version != version || !manifest.Files.All(file => IsFileName(file.Name)))
            throw new CheckpointException($"{name} is not a manifest of policy {version} that this version can read");
        return manifest;
    }

    /// <summary>Copies and hashes in one pass.</summary>
    private static async Task<CheckpointFile> CopyAsync(string name, Stream input, Stream output, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var bytes = 0L;
            while (await input.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
                bytes += count;
            }
            return new CheckpointFile(name, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A fresh folder each time, so that two attempts at one version never write into each other's.</summary>
    private string NewFolder(RunId run, PolicyVersion version) =>
        Directory.CreateDirectory(Path.Combine(cacheFolder, $"{run}-{version.Value:D6}-{Guid.NewGuid():N}")).FullName;

    private void Remember(RunId run, PolicyVersion version, string folder)
    {
        _cached[(run, version)] = Used(run, version, folder);
        foreach (var old in _cached.Keys.Where(key => key.Run == run && IsOld(key.Version, version) && key.Version != _lastOld.GetValueOrDefault(run, version)))
            if (_cached.TryRemove(old, out var unused)) Directory.Delete(unused, recursive: true);
    }

    private string Used(RunId run, PolicyVersion version, string folder)
    {
        if (_cached.Keys.Any(key => key.Run == run && IsOld(version, key.Version))) _lastOld[run] = version;
        return folder;
    }

    private static bool IsOld(PolicyVersion version, PolicyVersion beside) => version.Value <= beside.Value - KeptVersions;

    private static bool IsFileName(string name) =>
        name.Length is > 0 and <= 255 && name[0] != '.' && name != ManifestFile
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
