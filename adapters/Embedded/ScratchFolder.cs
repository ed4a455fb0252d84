namespace KnapsackCloud.Adapters.Embedded;

/// <summary>
/// Where a process keeps files that are of use to it alone: half-written ones on the file system of a store, copies of
/// policies. Each process has its own folder with a lock beside it that the system releases when the process ends in any
/// way, so that the next one can tell leftovers from files in work.
/// </summary>
public sealed class ScratchFolder : IDisposable
{
    private const string LockSuffix = ".lock";
    private readonly FileStream _lock;
    private readonly string _folder;

    /// <summary>Also deletes what dead processes left.</summary>
    public ScratchFolder(string parent)
    {
        Directory.CreateDirectory(parent);
        foreach (var other in Directory.EnumerateFiles(parent, "*" + LockSuffix)) DeleteIfDead(other);
        (_folder, _lock) = Claim(parent);
        Directory.CreateDirectory(_folder);
    }

    /// <summary>A path in the folder where nothing is yet.</summary>
    public string NewFile() => Path.Combine(_folder, Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (!_lock.CanWrite) return;
        Directory.Delete(_folder, recursive: true);
        File.Delete(_lock.Name);
        _lock.Dispose();
    }

    private static (string Folder, FileStream Lock) Claim(string parent)
    {
        while (true)
        {
            var folder = Path.Combine(parent, Guid.NewGuid().ToString("N"));
            try
            {
                return (folder, new FileStream(folder + LockSuffix, FileMode.CreateNew, FileAccess.Write, FileShare.None));
            }
            catch (IOException) when (File.Exists(folder + LockSuffix))
            {
                // Another process looked at the new lock just before it was held, took it for a dead one's, and holds it.
            }
        }
    }

    private static void DeleteIfDead(string lockFile)
    {
        try
        {
            using var held = new FileStream(lockFile, FileMode.Open, FileAccess.Write, FileShare.None);
            var folder = lockFile[..^LockSuffix.Length];
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            File.Delete(lockFile);
        }
        catch (IOException)
        {
            // Its process lives, or another one is cleaning up at this moment.
        }
    }
}
