using System.Security.Cryptography;
using KnapsackCloud.Adapters.Tests.Brokers;

namespace KnapsackCloud.Adapters.Tests.Azurite;

/// <summary>Azurite from npm, in the versions of the lock file, installed once into artifacts/azurite.</summary>
internal static class AzuriteInstall
{
    private static readonly string[] Manifests = ["package.json", "package-lock.json"];
    private static readonly TimeSpan TimeToInstall = TimeSpan.FromMinutes(5);

    /// <summary>The folder with its node_modules.</summary>
    /// <exception cref="NotAtHandException">There is no npm, or it could not install.</exception>
    public static async Task<string> FolderAsync(CancellationToken cancellation)
    {
        if (ServerProcess.Find("node") is null || ServerProcess.Find("npm") is not { } npm)
            throw new NotAtHandException("Azurite needs node and npm 20 or newer on the path");
        var source = Path.Combine(RepositoryRoot(), "tests", "azurite");
        var version = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"), cancellation)))[..16];
        var parent = Directory.CreateDirectory(Path.Combine(RepositoryRoot(), "artifacts", "azurite")).FullName;
        var folder = Path.Combine(parent, version);
        using var alone = await LockAsync(Path.Combine(parent, "install.lock"), cancellation);
        if (!Directory.Exists(folder)) await InstallAsync(npm, source, folder, cancellation);
        return folder;
    }

    /// <summary>Into a folder of another name first, so that one that was cut off is not taken for whole.</summary>
    private static async Task InstallAsync(string npm, string source, string folder, CancellationToken cancellation)
    {
        var unfinished = folder + ".unfinished";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        foreach (var file in Manifests) File.Copy(Path.Combine(source, file), Path.Combine(unfinished, file));
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(TimeToInstall);
        if (await ServerProcess.RunAsync(npm, ["ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"], unfinished, inTime.Token) is { } problem)
            throw new NotAtHandException($"npm could not install Azurite: {problem.Trim()}");
        Directory.Move(unfinished, folder);
    }

    /// <summary>Another test process may be installing.</summary>
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

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KnapsackCloud.sln"))) return folder.FullName;
        throw new InvalidOperationException($"no KnapsackCloud.sln above {AppContext.BaseDirectory}");
    }
}
