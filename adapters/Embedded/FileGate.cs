namespace KnapsackCloud.Adapters.Embedded;

/// <summary>Lets one holder in at a time, among the threads of this process and among processes: a lock file that the system releases when a process dies.</summary>
internal sealed class FileGate(string path, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private const int MaxPauses = 6_000;
    private readonly SemaphoreSlim _here = new(1);

    /// <exception cref="IOException">Another process held the gate for half a minute.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        await _here.WaitAsync(cancellation);
        try
        {
            for (var pauses = 0; ; pauses++)
            {
                try
                {
                    return new Pass(this, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                }
                catch (IOException) when (pauses < MaxPauses && File.Exists(path))
                {
                    await Task.Delay(Pause, time, cancellation);
                }
            }
        }
        catch
        {
            _here.Release();
            throw;
        }
    }

    public void Dispose() => _here.Dispose();

    private sealed class Pass(FileGate gate, FileStream held) : IDisposable
    {
        public void Dispose()
        {
            held.Dispose();
            gate._here.Release();
        }
    }
}
