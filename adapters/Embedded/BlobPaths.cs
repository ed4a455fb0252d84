using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>Blob names as paths below a folder, and back. Refuses every name that is not plainly below it.</summary>
internal sealed class BlobPaths(string root)
{
    private const int MaxNameLength = 1024;

    /// <exception cref="ArgumentException">The name has an empty or hidden part, or a character other than A-Z, a-z, 0-9, '.', '_' and '-'.</exception>
    public string PathOf(BlobName name)
    {
        if (name.Value is not { Length: > 0 and <= MaxNameLength } || !name.Value.Split('/').All(IsPart))
            throw new ArgumentException($"'{name}' is not a blob name: use parts of A-Z, a-z, 0-9, '.', '_' and '-', none starting with '.', joined by '/'", nameof(name));
        return Path.Combine(root, name.Value.Replace('/', Path.DirectorySeparatorChar));
    }

    /// <summary>Names that start with the prefix, in ordinal order.</summary>
    public IEnumerable<BlobName> List(string prefix)
    {
        var folderName = prefix[..(prefix.LastIndexOf('/') + 1)];
        if (folderName.Length > 0 && !folderName[..^1].Split('/').All(IsPart)) return [];
        var folder = Path.Combine(root, folderName.Replace('/', Path.DirectorySeparatorChar));
        if (!Directory.Exists(folder)) return [];
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.Split('/').All(IsPart))
            .Order(StringComparer.Ordinal)
            .Select(name => new BlobName(name));
    }

    /// <summary>Names of the folders directly below a prefix that ends with '/', ordered as the names of their blobs.</summary>
    public IEnumerable<string> ListFolders(string prefix)
    {
        if (!prefix.EndsWith('/') || !prefix[..^1].Split('/').All(IsPart)) return [];
        var folder = Path.Combine(root, prefix.Replace('/', Path.DirectorySeparatorChar));
        if (!Directory.Exists(folder)) return [];
        return Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(IsPart).OrderBy(name => name + "/", StringComparer.Ordinal);
    }

    /// <summary>Hidden names are the store's own: temporary files and locks.</summary>
    private static bool IsPart(string part) =>
        part.Length > 0 && part[0] != '.' && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
