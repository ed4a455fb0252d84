namespace KnapsackCloud.Infra.Tests;

/// <summary>A copy of infra/ to break, gone with this object.</summary>
internal sealed class CopiedInfra : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("knapsack-infra-");

    public CopiedInfra()
    {
        var source = Repository.At("infra");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = At(Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public string At(string path) => Path.Combine(_folder.FullName, path);

    public void Replace(string path, string text, string replacement)
    {
        var before = File.ReadAllText(At(path));
        Assert.Contains(text, before, StringComparison.Ordinal);
        File.WriteAllText(At(path), before.Replace(text, replacement, StringComparison.Ordinal));
    }

    /// <summary>Files that are not any more what they are in infra/.</summary>
    public IEnumerable<string> Changed() => Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.FullName, file)).Where(path => File.ReadAllText(At(path)) != File.ReadAllText(Path.Combine(Repository.At("infra"), path)));

    public void Dispose() => _folder.Delete(recursive: true);
}
