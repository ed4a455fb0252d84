using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Sets the number of threads that tensor operations called from this thread use, until disposed.</summary>
internal readonly struct TorchThreads : IDisposable
{
    private readonly int _previous;

    public TorchThreads(int count)
    {
        // Reading comes first: a thread's first use takes over the number last set anywhere, and would undo a setting before it.
        _previous = get_num_threads();
        if (count != _previous) set_num_threads(count);
    }

    public void Dispose()
    {
        if (get_num_threads() != _previous) set_num_threads(_previous);
    }
}
