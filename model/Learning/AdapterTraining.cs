using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Trains an adapter in place of the weights: the gradient is made on the merged model, as for whole weights, and brought to
/// the small matrices by the chain rule once a minibatch. So what is generated with and what is learned on is one model, to the
/// bit. Owns base, adapter and merged model.
/// </summary>
internal sealed class AdapterTraining : IDisposable
{
    private readonly ParameterBuffer _gradient;

    public AdapterTraining(DecoderModel basis, LowRankAdapter adapter)
    {
        (Basis, Adapter) = (basis, adapter);
        Merged = adapter.Merged(basis);
        _gradient = new ParameterBuffer(adapter.Tensors);
    }

    public DecoderModel Basis { get; }
    public LowRankAdapter Adapter { get; }
    public DecoderModel Merged { get; }

    /// <summary>That of <see cref="LowRankAdapter.Tensors"/>, good until the next call.</summary>
    /// <param name="merged">That of the merged model's parameters.</param>
    public ParameterBuffer Gradient(ParameterBuffer merged)
    {
        using var scope = NewDisposeScope();
        foreach (var (number, matrix) in Adapter.Matrices.Index())
            matrix.WriteGradients(matrix.RowsOf(merged.Views), Adapter.Settings.Scale, _gradient.Views[2 * number], _gradient.Views[2 * number + 1]);
        return _gradient;
    }

    /// <summary>After the adapter changed.</summary>
    public void Merge() => Adapter.MergeInto(Merged, Basis);

    public void Dispose()
    {
        _gradient.Dispose();
        Merged.Dispose();
        Adapter.Dispose();
        Basis.Dispose();
    }
}
