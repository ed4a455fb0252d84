using System.Security.Cryptography;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>What the store adds to a blob: who wrote it and the checksum of its content.</summary>
internal static class BlobMarks
{
    public const string Sha256 = "sha256";
    /// <summary>Tells a lost answer from a lost race: a retried write that meets its own mark had won.</summary>
    public const string Writer = "writer";
    private const int MaxNameLength = 1024;

    /// <exception cref="ArgumentException">The name has an empty or hidden part, or a character other than A-Z, a-z, 0-9, '.', '_' and '-'.</exception>
    public static void RequireName(BlobName name)
    {
        if (name.Value is not { Length: > 0 and <= MaxNameLength } || !name.Value.Split('/').All(IsPart))
            throw new ArgumentException($"'{name}' is not a blob name: use parts of A-Z, a-z, 0-9, '.', '_' and '-', none starting with '.', joined by '/'", nameof(name));
    }

    /// <summary>Null for a blob that something else wrote.</summary>
    public static string? Sha256Of(IDictionary<string, string> metadata) => metadata.TryGetValue(Sha256, out var hash) ? hash : null;

    /// <exception cref="StoreException">The content is not what was written.</exception>
    public static void Verify(ReadOnlySpan<byte> content, string? expected, string place)
    {
        if (expected is not null) Verify(Convert.ToHexStringLower(SHA256.HashData(content)), expected, place);
    }

    public static void Verify(string found, string expected, string place)
    {
        if (found != expected)
            throw new StoreException($"'{place}' is damaged: written with SHA-256 {expected}, read with {found}; delete it, so that the work that made it runs again");
    }

    private static bool IsPart(string part) =>
        part.Length > 0 && part[0] != '.' && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
