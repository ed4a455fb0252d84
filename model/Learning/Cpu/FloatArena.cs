using KnapsackCloud.Model.Generation.Cpu;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>Memory for the arrays of one pass after another: given out anew by each, and cleared by the system once.</summary>
internal sealed unsafe class FloatArena : IDisposable
{
    /// <summary>256 MB, of which the system gives what is written to.</summary>
    private const long BlockSize = 1 << 26;

    /// <summary>Arrays begin at a cache line.</summary>
    private const long Line = 16;

    private readonly List<Tensor> _blocks = [];
    private readonly List<nint> _firsts = [];
    private int _block;
    private long _taken;

    /// <summary>Takes back all that was given.</summary>
    public void Reset() => (_block, _taken) = (0, 0);

    /// <summary>What was given until now, for <see cref="Return"/>.</summary>
    public (int Block, long Taken) Mark() => (_block, _taken);

    /// <summary>Takes back all that was given since.</summary>
    public void Return((int Block, long Taken) mark) => (_block, _taken) = mark;

    /// <summary>An array of any numbers.</summary>
    public float* Take(long numbers)
    {
        numbers = (numbers + Line - 1) / Line * Line;
        while (_block < _blocks.Count && _taken + numbers > _blocks[_block].numel()) (_block, _taken) = (_block + 1, 0);
        if (_block == _blocks.Count) Grow(numbers);
        var array = (float*)_firsts[_block] + _taken;
        _taken += numbers;
        return array;
    }

    /// <summary>An array of zeros.</summary>
    public float* Zeros(long numbers)
    {
        var array = Take(numbers);
        new Span<float>(array, checked((int)numbers)).Clear();
        return array;
    }

    /// <summary>A matrix that was taken, as the tensor library sees it; the current scope's.</summary>
    public Tensor View(float* array, long rows, long columns)
    {
        for (var block = 0; block < _blocks.Count; block++)
        {
            var at = array - (float*)_firsts[block];
            if (at >= 0 && at < _blocks[block].numel()) return _blocks[block].narrow(0, at, rows * columns).view(rows, columns);
        }

        throw new ArgumentException("it is none of this arena's", nameof(array));
    }

    public void Dispose()
    {
        foreach (var block in _blocks) block.Dispose();
    }

    private void Grow(long numbers)
    {
        var block = empty(Math.Max(numbers, BlockSize)).DetachFromDisposeScope();
        _blocks.Add(block);
        _firsts.Add((nint)TensorMemory.Of<float>(block));
    }
}
