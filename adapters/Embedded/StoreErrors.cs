using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>Failures of the file system in words: the place and the cure.</summary>
internal static class StoreErrors
{
    private const int LinuxNoSpace = 28;
    private const int LinuxQuota = 122;
    private const int MacQuota = 69;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static bool IsFileError(Exception error) => error is IOException or UnauthorizedAccessException;

    public static StoreException Describe(Exception error, string path) => error switch
    {
        UnauthorizedAccessException => new StoreException(
            $"no permission for '{path}': give this user write access to the store's folder, or choose another one", error),
        { HResult: LinuxNoSpace or WindowsDiskFull or WindowsHandleDiskFull } => new StoreException(
            $"the disk is full, '{path}' could not be written: free some space and resume, nothing was half-written", error),
        { HResult: LinuxQuota or MacQuota } => new StoreException(
            $"the disk quota is used up, '{path}' could not be written: free some space and resume, nothing was half-written", error),
        _ => new StoreException($"the store's folder failed at '{path}': {error.Message}", error),
    };
}
