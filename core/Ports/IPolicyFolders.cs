using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Ports;

/// <summary>Checkpoints as local folders: what trainers and loaders read and write.</summary>
public interface IPolicyFolders
{
    /// <summary>A local folder with every file of the policy, each checked against the manifest. Read-only; stays while the policy is among the newest four of its run.</summary>
    /// <exception cref="CheckpointException">The policy is not published, or a file differs from its manifest.</exception>
    Task<string> FetchAsync(RunId run, PolicyVersion version, CancellationToken cancellation);

    /// <summary>An empty local folder for a policy in the making, a new one at each call.</summary>
    string CreateWorkFolder(RunId run, PolicyVersion version);

    /// <summary>Uploads the folder's files, then the manifest: only then is the policy there. False when it already was.</summary>
    Task<bool> PublishAsync(RunId run, PolicyVersion version, string folder, CancellationToken cancellation);
}
