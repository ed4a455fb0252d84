using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Functions.Specs;

/// <summary>
/// The files that a spec which came over HTTP may name: those of one folder that the operator opened, by plain names
/// below it. Without such a folder it may name none. A link that leads out of the folder is no file of it.
/// </summary>
/// <param name="folder">Null opens none.</param>
internal sealed class SpecFiles(string? folder)
{
    private readonly string? _root = folder is null ? null : Path.GetFullPath(folder);

    /// <summary>Full path of a file.</summary>
    /// <exception cref="InvalidInputException">It may not be named here, or is not there.</exception>
    public string FileOf(string member, string name)
    {
        var path = PathOf(member, name);
        return File.Exists(path) && IsInside(new FileInfo(path)) ? path : throw Missing(member, name, "file");
    }

    /// <summary>Full path of a folder.</summary>
    /// <exception cref="InvalidInputException">It may not be named here, or is not there.</exception>
    public string FolderOf(string member, string name)
    {
        var path = PathOf(member, name);
        return Directory.Exists(path) && IsInside(new DirectoryInfo(path)) ? path : throw Missing(member, name, "folder");
    }

    private string PathOf(string member, string name)
    {
        if (_root is null)
            throw new InvalidInputException(member, "names a file or folder of the server, which a posted spec may not: use a procedural source and a warm-up, or have the operator open a folder with --data");
        if (!name.Split('/').All(IsPart))
            throw new InvalidInputException(member, "is no plain name: use parts of letters, digits, '.', '_' and '-', none starting with '.', joined by '/', below the data folder");
        return Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar));
    }

    private static bool IsPart(string part) => part.Length > 0 && part[0] != '.' && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>Every link on the way is followed and has to end below the root, which may itself lie behind links.</summary>
    private bool IsInside(FileSystemInfo entry)
    {
        for (FileSystemInfo? at = entry; at is not null && at.FullName != _root; at = Directory.GetParent(at.FullName))
        {
            var target = at.ResolveLinkTarget(returnFinalTarget: true);
            if (target is not null && !target.FullName.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) return false;
        }
        return true;
    }

    private static InvalidInputException Missing(string member, string name, string what) =>
        new(member, $"'{name}' is neither a source known here nor a {what} of the data folder");
}
