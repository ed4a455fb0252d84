using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace KnapsackCloud.Infra.Tests;

/// <summary>What the images are made of, put together and started as an image does it, without Docker; <see cref="DockerTests"/> builds them where there is one.</summary>
[Collection(Builds.Name)]
public sealed partial class ImageTests : IDisposable
{
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(10);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("knapsack-image-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Dockerfile { get; } = Repository.Read("build/Dockerfile");

    /// <summary>Base images, with their versions.</summary>
    internal static IEnumerable<string> Bases()
    {
        var versions = PinnedVersion().Matches(Dockerfile).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        return From().Matches(Dockerfile).Select(match => versions.Aggregate(match.Groups[1].Value, (image, version) => image.Replace($"${{{version.Key}}}", version.Value, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_file_pins_its_bases_runs_as_nobody_in_particular_and_builds_without_BuildKit()
    {
        var bases = From().Matches(Dockerfile).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(["mcr.microsoft.com/dotnet/sdk:${DotnetSdk}-noble", "mcr.microsoft.com/dotnet/runtime:${Dotnet}-noble"], bases);
        Assert.Equal(2, PinnedVersion().Count(Dockerfile));
        Assert.Matches(@"(?m)^USER \$APP_UID$", Dockerfile);
        Assert.Contains("STOPSIGNAL SIGTERM", Dockerfile, StringComparison.Ordinal);
        Assert.DoesNotContain("--mount", Dockerfile, StringComparison.Ordinal);
        Assert.DoesNotContain("<<", Dockerfile, StringComparison.Ordinal);
        Assert.DoesNotContain("# syntax", Dockerfile, StringComparison.Ordinal);
    }

    /// <summary>The SDK is one that global.json takes, and the runtime is of its band.</summary>
    [Fact]
    public void Its_versions_are_those_of_the_project()
    {
        var sdk = Regex.Match(Dockerfile, @"ARG DotnetSdk=(\d+)\.(\d+)\.(\d)(\d\d)");
        var wanted = Regex.Match(Repository.Read("global.json"), """"version": "(\d+)\.(\d+)\.(\d)(\d\d)"""");
        Assert.Equal(wanted.Groups.Values.Skip(1).Take(3).Select(group => group.Value), sdk.Groups.Values.Skip(1).Take(3).Select(group => group.Value));
        Assert.Contains($"ARG Dotnet={wanted.Groups[1].Value}.{wanted.Groups[2].Value}.", Dockerfile, StringComparison.Ordinal);
    }

    /// <summary>Every folder that a host is built from is in the build's context.</summary>
    [Fact]
    public void The_context_has_what_the_hosts_are_built_from()
    {
        var kept = Repository.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToHashSet();
        var needed = new HashSet<string> { "build", "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt" };
        var projects = new Queue<string>(["gpu-worker/KnapsackCloud.GpuWorker.csproj", "learner/KnapsackCloud.Learner.csproj"]);
        while (projects.TryDequeue(out var project))
        {
            needed.Add(project.Split('/')[0]);
            foreach (Match reference in ProjectReference().Matches(Repository.Read(project)))
                projects.Enqueue(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.At(Path.GetDirectoryName(project)!), reference.Groups[1].Value))));
        }
        Assert.Equal(needed.Order(), kept.Order());
    }

    [Fact]
    public async Task Both_hosts_start_from_what_is_copied_and_stop_on_SIGTERM()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "an image is a Linux system");
        await using var azurite = await Azurite.StartAsync();
        var published = await Tool.RunAsync("sh", Repository.Root, Repository.At("build/publish-hosts.sh"), At("out"));
        Assert.True(published.ExitCode == 0, published.All);
        Assert.Contains("libtorch_cpu.so", Names("out/natives/app"));
        foreach (var host in new[] { "gpu-worker", "learner" })
        {
            Assert.DoesNotContain(Names($"out/{host}"), name => name.StartsWith("libtorch", StringComparison.Ordinal));
            Assert.True(Directory.GetFiles(At($"out/{host}")).Sum(file => new FileInfo(file).Length) < 64 << 20, "the layer of a host's own is small");
            await StartsAndStopsAsync(host, azurite.ConnectionString);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The two copies of the image, here as hard links to save the disk, then its entry point.</summary>
    private async Task StartsAndStopsAsync(string host, string store)
    {
        var app = Directory.CreateDirectory(At($"app-{host}")).FullName;
        foreach (var part in new[] { "natives/app", host })
            Assert.Equal("", (await Tool.RunAsync("cp", Repository.Root, "--archive", "--link", At($"out/{part}/."), app)).All);
        var start = new ProcessStartInfo(Path.Combine(app, "host")) { WorkingDirectory = app, RedirectStandardError = true };
        start.Environment["Knapsack__Storage__ConnectionString"] = store;
        using var process = Process.Start(start)!;
        try
        {
            while (await process.StandardError.ReadLineAsync(Cancellation) is { } line && !line.Contains("Application started", StringComparison.Ordinal)) { }
            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(Cancellation);
            using var deadline = new CancellationTokenSource(TimeToStop);
            var rest = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, await rest);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    private string At(string path) => Path.Combine(_folder.FullName, path);

    private IEnumerable<string> Names(string path) => Directory.GetFiles(At(path)).Select(file => Path.GetFileName(file));

    [GeneratedRegex("(?m)^FROM ([^ \n]+)")]
    private static partial Regex From();

    [GeneratedRegex(@"(?m)^ARG (Dotnet\w*)=(\d+\.\d+\.\d+)$")]
    private static partial Regex PinnedVersion();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();
}
