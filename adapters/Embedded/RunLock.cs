using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>
/// Right to work on a run with an embedded pipeline: one process at a time. Two would get the same results, but do all
/// the work twice. Released when the process ends in any way.
/// </summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream _held;

    private RunLock(FileStream held) => _held = held;

    /// <exception cref="InvalidInputException">Another process works on the run.</exception>
    public static RunLock Take(FolderRunStore store, RunId run)
    {
        var folder = Directory.CreateDirectory(Path.Combine(store.Root, ".store", "runs"));
        var path = Path.Combine(folder.FullName, $"{run}.lock");
        try
        {
            return new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            throw new InvalidInputException("", $"another process is working on run {run} in '{store.Root}': wait for it or stop it first");
        }
    }

    public void Dispose() => _held.Dispose();
}
