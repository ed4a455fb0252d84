using System.Runtime.ExceptionServices;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Threads that do the same work on parts of their own and wait for each other between its stages. The caller is one of
/// them. Waiting is by spinning and yielding: stages take microseconds.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    private readonly Thread[] _others;
    private readonly Barrier? _begin;
    private Action<int>? _work;
    private volatile Exception? _failure;
    private int _waiting;
    private volatile int _stage;
    private volatile int _finished;

    public ThreadTeam(int size)
    {
        Size = size;
        _others = [.. Enumerable.Range(1, size - 1).Select(member => new Thread(() => Serve(member)) { IsBackground = true, Name = $"decode-{member}" })];
        if (size > 1) _begin = new Barrier(size);
        foreach (var thread in _others) thread.Start();
    }

    public int Size { get; }

    /// <summary>
    /// Returns when all members have done the work, which is called with each one's number; throws what the first of them threw. Those
    /// that wait for it at a stage give up then.
    /// </summary>
    public void Run(Action<int> work)
    {
        if (Size == 1)
        {
            work(0);
            return;
        }

        _work = work;
        _begin!.SignalAndWait();
        Do(work, 0);
        var spin = new SpinWait();
        while (_finished < Size) spin.SpinOnce(sleep1Threshold: -1);
        _finished = 0;
        if (_failure is not { } failure) return;
        (_failure, _waiting) = (null, 0);
        ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Called by every member: returns when all have called it.</summary>
    /// <exception cref="StageAbandonedException">A member that has not called it never will.</exception>
    public void Meet()
    {
        if (Size == 1) return;
        var stage = _stage;
        if (Interlocked.Increment(ref _waiting) == Size)
        {
            _waiting = 0;
            _stage = stage + 1;
            return;
        }

        var spin = new SpinWait();
        while (_stage == stage)
        {
            if (_failure is not null && _stage == stage) throw new StageAbandonedException();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>A member's part of so many things, in whole blocks.</summary>
    public (int First, int End) Part(int member, int count, int block)
    {
        var blocks = (count + block - 1) / block;
        return (Math.Min(count, blocks * member / Size * block), Math.Min(count, blocks * (member + 1) / Size * block));
    }

    public void Dispose()
    {
        if (_begin is null) return;
        _work = null;
        _begin.SignalAndWait();
        foreach (var thread in _others) thread.Join();
        _begin.Dispose();
    }

    private void Serve(int member)
    {
        while (true)
        {
            _begin!.SignalAndWait();
            if (_work is not { } work) return;
            Do(work, member);
        }
    }

    private void Do(Action<int> work, int member)
    {
        try
        {
            work(member);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }

        Interlocked.Increment(ref _finished);
    }

    /// <summary>Ends the work of a member that waits in vain; what <see cref="Run"/> throws is what the other threw.</summary>
    private sealed class StageAbandonedException : Exception;
}
