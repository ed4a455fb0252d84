using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Storage of one number per weight, in one flat tensor with a view per parameter: sums, norms and fills are one call
/// whatever the number of parameters. Owns its tensors.
/// </summary>
internal sealed class ParameterBuffer : IDisposable
{
    /// <param name="device">Null is the process's.</param>
    public ParameterBuffer(IReadOnlyList<Tensor> parameters, Device? device = null)
    {
        using var scope = NewDisposeScope();
        Flat_W = zeros(parameters.Sum(parameter => parameter.numel()), dtype: parameters[0].dtype, device: device).DetachFromDisposeScope();
        long at = 0;
        Views = [.. parameters.Select(parameter =>
        {
            var view = Flat_W.narrow(0, at, parameter.numel()).view(parameter.shape).DetachFromDisposeScope();
            at += parameter.numel();
            return view;
        })];
    }

    public Tensor Flat_W { get; }
    /// <summary>In the order and shapes of <see cref="DecoderModel.Parameters"/>.</summary>
    public IReadOnlyList<Tensor> Views { get; }

    public void Dispose()
    {
        foreach (var view in Views) view.Dispose();
        Flat_W.Dispose();
    }
}
