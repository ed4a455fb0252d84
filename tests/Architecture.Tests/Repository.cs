using System.Runtime.CompilerServices;

namespace KnapsackCloud.Architecture.Tests;

/// <summary>The checkout these tests were compiled from, read as text.</summary>
internal static class Repository
{
    private static readonly string[] SourceFolders = ["core", "model", "adapters", "hosting", "functions", "gpu-worker", "learner", "cli", "benchmarks", "tests"];

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>Paths from the root with '/', of every C# file that people wrote.</summary>
    public static IReadOnlyList<string> Sources { get; } = Files("*.cs");

    public static IReadOnlyList<string> Projects { get; } = Files("*.csproj");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>First folder of a path: core, model, adapters ...</summary>
    public static string Layer(string path) => path.Split('/')[0];

    private static List<string> Files(string pattern) =>
    [
        .. SourceFolders.Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

internal static class Violations
{
    /// <summary>Fails with every violation listed.</summary>
    public static void None(IEnumerable<string> violations) => Assert.Equal([], violations.ToArray());
}
