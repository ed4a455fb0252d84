using System.Reflection;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    private static readonly ILookup<string, string?> Metadata =
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(one => one.Key, one => one.Value);

    public static string Root { get; } = Metadata["Repository"].Single()!;

    /// <summary>The Bicep compiler; null where there is none for this system.</summary>
    public static string? Bicep { get; } = Metadata["Bicep"].SingleOrDefault();

    /// <summary>Where NuGet keeps what it restored.</summary>
    public static string Packages { get; } = Metadata["Packages"].Single()!;

    public static string At(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(At(path));
}
