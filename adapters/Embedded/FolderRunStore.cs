using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>
/// A folder as the store: blobs are files under their names. A blob is written to a scratch file, flushed to the disk,
/// and only then linked to its name, which fails when the name is taken: of many writers, in this process or others,
/// one wins, and a crash at any moment leaves the old state or the new. Thread-safe.
/// </summary>
public sealed class FolderRunStore : IRunStore, IDisposable
{
    private const string OwnFolder = ".store";
    private readonly string _root;
    private readonly BlobPaths _paths;
    private readonly ScratchFolder _scratch;
    private readonly FileGate _gate;

    /// <summary>Opens the store, making its folder when there is none.</summary>
    /// <exception cref="StoreException">The folder cannot be made or written to.</exception>
    public FolderRunStore(string root, TimeProvider time)
    {
        _root = Path.GetFullPath(root);
        _paths = new BlobPaths(_root);
        try
        {
            _scratch = new ScratchFolder(Path.Combine(_root, OwnFolder, "scratch"));
        }
        catch (Exception error) when (StoreErrors.IsFileError(error))
        {
            throw StoreErrors.Describe(error, _root);
        }
        _gate = new FileGate(Path.Combine(_root, OwnFolder, "swap.lock"), time);
    }

    /// <summary>Full path of the store's folder.</summary>
    public string Root => _root;

    /// <summary>A new local folder for temporary files of this process; deleted with the store, or by the next process when this one was killed.</summary>
    public string NewScratchFolder() => Directory.CreateDirectory(_scratch.NewFile()).FullName;

    public async Task<bool> CreateAsync(BlobName name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        var path = _paths.PathOf(name);
        if (File.Exists(path)) return false;
        return await WithScratchAsync(path, write, (scratch, token) => PlaceAsync(scratch, path, token), cancellation);
    }

    public Task<Stream?> OpenReadAsync(BlobName name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult<Stream?>(OpenFile(_paths.PathOf(name)));
    }

    public Task<VersionedBlob?> ReadAsync(BlobName name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(ReadFile(_paths.PathOf(name)));
    }

    public async Task<string?> ReplaceAsync(BlobName name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation)
    {
        var path = _paths.PathOf(name);
        var written = await WithScratchAsync(
            path,
            (output, token) => output.WriteAsync(content, token).AsTask(),
            (scratch, token) => expected is null ? PlaceAsync(scratch, path, token) : SwapAsync(scratch, path, expected, token),
            cancellation);
        return written ? TagOf(content.Span) : null;
    }

    public Task<bool> ExistsAsync(BlobName name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(File.Exists(_paths.PathOf(name)));
    }

    public async IAsyncEnumerable<BlobName> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var name in _paths.List(prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var name in _paths.ListFolders(prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    public Task DeleteAsync(BlobName name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var path = _paths.PathOf(name);
        try
        {
            File.Delete(path);
            var folder = Path.GetDirectoryName(path)!;
            if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing there to delete.
        }
        catch (Exception error) when (StoreErrors.IsFileError(error))
        {
            throw StoreErrors.Describe(error, path);
        }
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _gate.Dispose();
    }

    private async Task<bool> WithScratchAsync(
        string path, Func<Stream, CancellationToken, Task> write, Func<string, CancellationToken, Task<bool>> place, CancellationToken cancellation)
    {
        var scratch = _scratch.NewFile();
        try
        {
            await using (var output = new DirectFileStream(scratch, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                await write(output, cancellation);
                output.Flush(flushToDisk: true);
            }
            return await place(scratch, cancellation);
        }
        catch (Exception error) when (StoreErrors.IsFileError(error))
        {
            throw StoreErrors.Describe(error, path);
        }
        finally
        {
            File.Delete(scratch);
        }
    }

    /// <summary>Gives the scratch file its name unless the name is taken.</summary>
    private async Task<bool> PlaceAsync(string scratch, string path, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(path)!;
        MakeFolder(folder);
        if (!await TryLinkAsync(scratch, path, cancellation)) return false;
        SyncFolder(folder);
        return true;
    }

    private async Task<bool> TryLinkAsync(string scratch, string path, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsWindows())
        {
            try
            {
                return Posix.TryLink(scratch, path);
            }
            catch (Win32Exception)
            {
                // A file system without links, or a real failure: the move below does without, or says what is wrong.
            }
        }
        using var held = await _gate.EnterAsync(cancellation);
        if (File.Exists(path)) return false;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(scratch, path, overwrite: false);
        return true;
    }

    private async Task<bool> SwapAsync(string scratch, string path, string expected, CancellationToken cancellation)
    {
        using var held = await _gate.EnterAsync(cancellation);
        if (ReadFile(path)?.ETag != expected) return false;
        File.Move(scratch, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>A new folder is as durable as its entry in the one above.</summary>
    private static void MakeFolder(string folder)
    {
        if (Directory.Exists(folder)) return;
        var parent = Path.GetDirectoryName(folder)!;
        MakeFolder(parent);
        Directory.CreateDirectory(folder);
        SyncFolder(parent);
    }

    private static void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsWindows()) Posix.SyncFolder(folder);
    }

    private static VersionedBlob? ReadFile(string path)
    {
        using var input = OpenFile(path);
        if (input is null) return null;
        var content = new byte[input.Length];
        input.ReadExactly(content);
        return new VersionedBlob(content, TagOf(content));
    }

    private static DirectFileStream? OpenFile(string path)
    {
        // Stages ask for blobs that are not there yet all the time; an exception for each is slow.
        if (!File.Exists(path)) return null;
        try
        {
            return new DirectFileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (StoreErrors.IsFileError(error))
        {
            throw StoreErrors.Describe(error, path);
        }
    }

    private static string TagOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content)[..16]);
}
