namespace KnapsackCloud.Core.Contracts;

/// <summary>Written last: a checkpoint without it is not there. A reader checks every size and hash before use.</summary>
public sealed record CheckpointManifest(int Format, PolicyVersion Version, IReadOnlyList<CheckpointFile> Files);

/// <param name="Name">File name without any folder.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record CheckpointFile(string Name, long Bytes, string Sha256);
