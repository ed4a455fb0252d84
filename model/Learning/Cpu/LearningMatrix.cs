using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.LowRank;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// A weight matrix that learns, [O, I]: products with it, and its gradient. Small ones are multiplied as they lie; of large ones the tensor library
/// makes the products, which packs its operands. Either the whole matrix learns, or a change of low rank, or nothing. Memory of weight and gradient is
/// others'; all other matrices are an arena's.
/// </summary>
internal sealed unsafe class LearningMatrix : IDisposable
{
    /// <summary>Of a small matrix.</summary>
    private const int MostNumbers = 1 << 15;

    /// <summary>Rows that stay in the caches while all outputs pass by.</summary>
    private const int NearRows = 128;

    private readonly Tensor _weight_OI;
    private readonly Tensor? _gradient_OI, _turned_IO;
    private readonly IReadOnlyList<LowRankMatrix> _changes;
    private readonly double _scale;
    private readonly FloatArena _arena;
    private readonly int _outputs, _inputs;
    private readonly float* _weight, _turned, _gradient;

    /// <param name="parameter">Its number; read whenever something is computed.</param>
    /// <param name="gradient_OI">Added to; null where the matrix itself does not learn.</param>
    public LearningMatrix(LearningReplica replica, int parameter, Tensor? gradient_OI, FloatArena arena)
    {
        using var scope = NewDisposeScope();
        var weight_OI = replica.Model.Parameters[parameter];
        (_changes, _scale) = (replica.ChangesOf(parameter), replica.Scale);
        (_outputs, _inputs, _arena) = ((int)weight_OI.shape[0], (int)weight_OI.shape[1], arena);
        (_weight_OI, _gradient_OI) = (weight_OI.detach().DetachFromDisposeScope(), gradient_OI);
        if (weight_OI.numel() > MostNumbers) return;
        _turned_IO = empty(_inputs, _outputs).DetachFromDisposeScope();
        _weight = TensorMemory.Of<float>(weight_OI);
        _turned = TensorMemory.Of<float>(_turned_IO);
        if (gradient_OI is not null) _gradient = TensorMemory.Of<float>(gradient_OI);
    }

    /// <summary>After the weights changed, before the next product.</summary>
    public void Refresh()
    {
        using var scope = NewDisposeScope();
        _turned_IO?.copy_(_weight_OI.t());
    }

    /// <summary>y (+)= x Wᵀ, of padded rows.</summary>
    public void Forward(float* x_NI, int rows, float* y_NO, bool add = false)
    {
        if (_turned_IO is not null) MatrixProducts.Multiply(new LeftMatrix(x_NI, _inputs, 1), new Rows<float>(_turned, _outputs), new Rows<float>(y_NO, _outputs), rows, _outputs, _inputs, add);
        else ByLibrary(x_NI, _inputs, _weight_OI.t(), y_NO, _outputs, rows, add);
    }

    /// <summary>dx = dy W, of padded rows.</summary>
    public void Backward(float* byY_NO, int rows, float* byX_NI)
    {
        if (_turned_IO is not null) MatrixProducts.Multiply(new LeftMatrix(byY_NO, _outputs, 1), new Rows<float>(_weight, _inputs), new Rows<float>(byX_NI, _inputs), rows, _inputs, _outputs, add: false);
        else ByLibrary(byY_NO, _outputs, _weight_OI, byX_NI, _inputs, rows, add: false);
    }

    /// <summary>Adds the gradient of what learns: dyᵀ x, of the whole matrix.</summary>
    public void Learn(float* byY_NO, float* x_NI, int rows)
    {
        if (_gradient is not null)
        {
            LearnSmall(byY_NO, x_NI, rows);
            return;
        }

        if (_gradient_OI is null && _changes.Count == 0) return;
        using var scope = NewDisposeScope();
        var (byY, x) = (_arena.View(byY_NO, rows, _outputs), _arena.View(x_NI, rows, _inputs));
        _gradient_OI?.addmm_(byY.t(), x);
        foreach (var change in _changes) LowRankGradient.Add(change, _scale, byY, x);
    }

    private void LearnSmall(float* byY_NO, float* x_NI, int rows)
    {
        for (var first = 0; first < rows; first += NearRows)
        {
            var (byY, x) = (new LeftMatrix(byY_NO + (nint)first * _outputs, 1, _outputs), new Rows<float>(x_NI + (nint)first * _inputs, _inputs));
            MatrixProducts.Multiply(byY, x, new Rows<float>(_gradient, _inputs), _outputs, _inputs, Math.Min(NearRows, rows - first), add: true);
        }
    }

    public void Dispose()
    {
        _weight_OI.Dispose();
        _turned_IO?.Dispose();
    }

    private void ByLibrary(float* x, int inputs, Tensor weight_IO, float* y, int outputs, int rows, bool add)
    {
        using var scope = NewDisposeScope();
        _arena.View(y, rows, outputs).addmm_(_arena.View(x, rows, inputs), weight_IO, beta: add ? 1 : 0, alpha: 1);
    }
}
