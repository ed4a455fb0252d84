using System.Security.Cryptography;

namespace KnapsackCloud.Hosting.Local;

/// <summary>Azurite, the emulator of Azure Storage, from npm in the versions of a lock file; installed once, beside the sources where there are any.</summary>
public static class AzuriteInstall
{
    private static readonly string[] Manifests = ["package.json", "package-lock.json"];
    private static readonly TimeSpan TimeToInstall = TimeSpan.FromMinutes(5);

    /// <summary>The folder with its node_modules.</summary>
    /// <exception cref="HostRefusedException">There is no npm, or it could not install.</exception>
    public static async Task<string> FolderAsync(CancellationToken cancellation)
    {
        if (ServerProcess.Find("node") is null || ServerProcess.Find("npm") is not { } npm)
            throw new HostRefusedException("Azurite needs node and npm 20 or newer on the path");
        var version = Convert.ToHexStringLower(SHA256.HashData(Manifest(Manifests[^1])))[..16];
        var parent = Directory.CreateDirectory(Parent()).FullName;
        var folder = Path.Combine(parent, version);
        using var alone = await LockAsync(Path.Combine(parent, "install.lock"), cancellation);
        if (!Directory.Exists(folder)) await InstallAsync(npm, folder, cancellation);
        return folder;
    }

    /// <summary>Into a folder of another name first, so that one that was cut off is not taken for whole.</summary>
    private static async Task InstallAsync(string npm, string folder, CancellationToken cancellation)
    {
        var unfinished = folder + ".unfinished";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        foreach (var file in Manifests) await File.WriteAllBytesAsync(Path.Combine(unfinished, file), Manifest(file), cancellation);
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(TimeToInstall);
        if (await ServerProcess.RunAsync(npm, ["ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"], unfinished, inTime.Token) is { } problem)
            throw new HostRefusedException($"npm could not install Azurite: {problem.Trim()}");
        Directory.Move(unfinished, folder);
    }

    /// <summary>Another process may be installing.</summary>
    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellation)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(TimeToInstall);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await pause.WaitForNextTickAsync(inTime.Token);
            }
        }
    }

    private static byte[] Manifest(string file)
    {
        using var stream = typeof(AzuriteInstall).Assembly.GetManifestResourceStream($"azurite/{file}")!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string Parent()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KnapsackCloud.sln"))) return Path.Combine(folder.FullName, "artifacts", "azurite");
        return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "knapsack", "azurite");
    }
}
