using System.ComponentModel;
using System.Runtime.InteropServices;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>The two calls that .NET does not have: a link that never overwrites, and making a folder's entries durable.</summary>
internal static partial class Posix
{
    private const int AlreadyExists = 17;

    /// <summary>Gives a file a second name. False when the name is taken.</summary>
    /// <exception cref="Win32Exception">The link could not be made, also where the file system has no links.</exception>
    public static bool TryLink(string existing, string name)
    {
        if (Link(existing, name) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == AlreadyExists ? false : throw new Win32Exception(error);
    }

    /// <summary>Makes the names in a folder durable.</summary>
    /// <exception cref="IOException">The folder could not be flushed.</exception>
    public static void SyncFolder(string folder)
    {
        var handle = Open(folder, 0);
        if (handle < 0) throw Failure(folder);
        try
        {
            if (FSync(handle) != 0) throw Failure(folder);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    private static IOException Failure(string folder)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(error)}: '{folder}'", error);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
