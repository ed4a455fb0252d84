using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Publish;

/// <summary>Deletes the policies of a run that nothing needs any more.</summary>
public static class Retention
{
    /// <summary>Version 0, the last one, the two newest and those that steps ahead of them are generated with, every <see cref="CheckpointSpec.KeepEvery"/>-th and what the KL penalty refers to are kept.</summary>
    public static bool IsKept(RunSpec spec, int version, PolicyVersion current) =>
        version == 0 || version == spec.Steps || version >= current.Value - 1 - spec.Learning.MaxLag
        || (spec.Checkpoints.KeepEvery > 0 && version % spec.Checkpoints.KeepEvery == 0)
        || ReferencePolicy.IsReference(spec.Learning, version);

    /// <summary>
    /// Call it only after the pointer moved to <paramref name="current"/>. Takes the oldest first, so that what a crash
    /// left behind is always next to the newest and the next call finds it.
    /// </summary>
    public static async Task PruneAsync(IRunStore store, RunId run, RunSpec spec, PolicyVersion current, CancellationToken cancellation)
    {
        if (spec.Checkpoints.KeepEvery == 1) return;
        var doomed = new Stack<IReadOnlyList<BlobName>>();
        for (var version = current.Value - 2; version > 0; version--)
        {
            if (IsKept(spec, version, current)) continue;
            var files = await ListAsync(store, BlobNames.PolicyPrefix(run, new PolicyVersion(version)), cancellation);
            if (files.Count == 0) break;
            doomed.Push(ManifestFirst(files, BlobNames.Manifest(run, new PolicyVersion(version))));
        }
        foreach (var name in doomed.SelectMany(files => files)) await store.DeleteAsync(name, cancellation);
    }

    /// <summary>Without its manifest a policy is not there, however many of its files are left.</summary>
    private static IReadOnlyList<BlobName> ManifestFirst(IReadOnlyList<BlobName> files, BlobName manifest) =>
        [.. files.OrderBy(name => name != manifest)];

    private static async Task<IReadOnlyList<BlobName>> ListAsync(IRunStore store, string prefix, CancellationToken cancellation)
    {
        var names = new List<BlobName>();
        await foreach (var name in store.ListAsync(prefix, cancellation)) names.Add(name);
        return names;
    }
}
