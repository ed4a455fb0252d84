using KnapsackCloud.Model.Generation.Cpu;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>A weight matrix that learns, [O, I]: products with it, and its gradient. Memory of weight and gradient is others'.</summary>
internal sealed unsafe class LearningMatrix : IDisposable
{
    /// <summary>Rows that stay in the caches while all outputs pass by.</summary>
    private const int NearRows = 128;

    private readonly Tensor _weight_OI;
    private readonly Tensor _turned_IO;
    private readonly int _outputs, _inputs;
    private readonly float* _weight, _turned, _gradient;

    /// <param name="weight_OI">Read whenever something is computed.</param>
    /// <param name="gradient_OI">Added to.</param>
    public LearningMatrix(Tensor weight_OI, Tensor gradient_OI)
    {
        (_outputs, _inputs) = ((int)weight_OI.shape[0], (int)weight_OI.shape[1]);
        _weight_OI = weight_OI;
        _turned_IO = empty(_inputs, _outputs).DetachFromDisposeScope();
        _weight = TensorMemory.Of<float>(weight_OI);
        _turned = TensorMemory.Of<float>(_turned_IO);
        _gradient = TensorMemory.Of<float>(gradient_OI);
    }

    /// <summary>After the weights changed, before the next product.</summary>
    public void Refresh()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        _turned_IO.copy_(_weight_OI.t());
    }

    /// <summary>y (+)= x Wᵀ, of padded rows.</summary>
    public void Forward(float* x_NI, int rows, float* y_NO, bool add = false) =>
        MatrixProducts.Multiply(new LeftMatrix(x_NI, _inputs, 1), new Rows<float>(_turned, _outputs), new Rows<float>(y_NO, _outputs), rows, _outputs, _inputs, add);

    /// <summary>dx = dy W, of padded rows.</summary>
    public void Backward(float* byY_NO, int rows, float* byX_NI) =>
        MatrixProducts.Multiply(new LeftMatrix(byY_NO, _outputs, 1), new Rows<float>(_weight, _inputs), new Rows<float>(byX_NI, _inputs), rows, _inputs, _outputs, add: false);

    /// <summary>Adds dyᵀ x to the gradient.</summary>
    public void Learn(float* byY_NO, float* x_NI, int rows)
    {
        for (var first = 0; first < rows; first += NearRows)
        {
            var (byY, x) = (new LeftMatrix(byY_NO + (nint)first * _outputs, 1, _outputs), new Rows<float>(x_NI + (nint)first * _inputs, _inputs));
            MatrixProducts.Multiply(byY, x, new Rows<float>(_gradient, _inputs), _outputs, _inputs, Math.Min(NearRows, rows - first), add: true);
        }
    }

    public void Dispose() => _turned_IO.Dispose();
}
