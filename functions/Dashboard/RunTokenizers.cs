using System.Collections.Concurrent;
using System.Security.Cryptography;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>The tokenizers of runs, fetched from a published policy without its weights. All policies of a run have the same one.</summary>
internal sealed partial class RunTokenizers(RunBlobs blobs, RunStatusStore statuses, ControlPlaneTools tools, ScratchFolder scratch, ILogger<RunTokenizers> logger)
{
    private const long LargestFile = 64 << 20;
    private readonly ConcurrentDictionary<RunId, TokenTexts> _known = [];

    /// <summary>Null when there is none that can be read; the log says why.</summary>
    /// <param name="version">Looked for first; it may be deleted already, then the current one.</param>
    public async Task<TokenTexts?> FindAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        if (_known.TryGetValue(run, out var known)) return known;
        if (tools.LoadTokenizer is not { } load) return null;
        var current = (await statuses.ReadAsync(run, cancellation))?.PolicyVersion ?? version;
        foreach (var candidate in new[] { version, current }.Distinct())
        {
            if (await FetchAsync(run, candidate, cancellation) is not { } folder) continue;
            try
            {
                return _known.GetOrAdd(run, new TokenTexts(load(folder)));
            }
            catch (InvalidInputException error)
            {
                LogUnreadable(run, candidate.Value, error.Message);
                return null;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        return null;
    }

    /// <summary>A folder with the small JSON files of a policy, each checked against the manifest; null when the policy is not there or damaged.</summary>
    private async Task<string?> FetchAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        if (await blobs.ReadAsync(BlobNames.Manifest(run, version), ContractsJson.Default.CheckpointManifest, cancellation) is not { } manifest) return null;
        var folder = Directory.CreateDirectory(scratch.NewFile()).FullName;
        foreach (var file in manifest.Files.Where(file => file.Bytes <= LargestFile && IsTokenizerFile(file.Name)))
        {
            var blob = await blobs.Store.ReadAsync(BlobNames.PolicyFile(run, version, file.Name), cancellation);
            if (blob is not null && Convert.ToHexStringLower(SHA256.HashData(blob.Content.Span)) == file.Sha256)
                await File.WriteAllBytesAsync(Path.Combine(folder, file.Name), blob.Content, cancellation);
        }
        return folder;
    }

    /// <summary>A manifest comes from outside: its names become files only when they are plain ones.</summary>
    private static bool IsTokenizerFile(string name) =>
        TaskId.TryParse(name, out _) && (name.StartsWith("tokenizer", StringComparison.Ordinal) || name is "special_tokens_map.json" or "added_tokens.json");

    [LoggerMessage(420, LogLevel.Warning, "The tokenizer of run {Run} policy {PolicyVersion} cannot be read, completions are shown as token ids: {Problem}")]
    private partial void LogUnreadable(RunId run, int policyVersion, string problem);
}
