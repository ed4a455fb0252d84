using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>The policy that a KL penalty refers to, loaded once for as long as it stays the same. Owns its weights.</summary>
internal sealed class ReferenceModel : IDisposable
{
    private DecoderModel? _model;
    private DecoderModel? _basis;
    private byte[] _identity = [];

    /// <summary>The policy in the folder; this object's, and good until the next call.</summary>
    /// <exception cref="Core.Ports.CheckpointException">The folder is no policy of a run.</exception>
    /// <param name="initialFolder">Policy 0, for a policy that is only an adapter of it.</param>
    public DecoderModel Load(string folder, string? initialFolder = null)
    {
        var identity = TrainingStateFiles.Identity(folder);
        if (_model is { } held && _identity.AsSpan().SequenceEqual(identity)) return held;
        Dispose();
        _model = PolicyFolder.IsAdapterOnly(folder) && initialFolder is not null ? Adapted(folder, initialFolder) : CheckpointFolder.Load(folder);
        _identity = identity;
        return _model;
    }

    public void Dispose()
    {
        _model?.Dispose();
        _basis?.Dispose();
        (_model, _basis) = (null, null);
    }

    private DecoderModel Adapted(string folder, string initialFolder) =>
        PolicyFolder.LoadAdapted(folder, _basis = CheckpointFolder.Load(initialFolder));
}
