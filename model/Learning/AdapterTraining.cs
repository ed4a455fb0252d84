using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Trains an adapter in place of the weights, which are the merged ones on the way forward: what is generated with and what is learned
/// on is one model, to the bit. Owns base, adapter and merged model.
/// </summary>
internal sealed class AdapterTraining : IDisposable
{
    public AdapterTraining(DecoderModel basis, LowRankAdapter adapter)
    {
        (Basis, Adapter) = (basis, adapter);
        Merged = adapter.Merged(basis);
    }

    public DecoderModel Basis { get; }
    public LowRankAdapter Adapter { get; }
    public DecoderModel Merged { get; }

    /// <summary>After the adapter changed.</summary>
    public void Merge() => Adapter.MergeInto(Merged, Basis);

    public void Dispose()
    {
        Merged.Dispose();
        Adapter.Dispose();
        Basis.Dispose();
    }
}
