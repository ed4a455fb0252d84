using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>The policy that a KL penalty refers to, loaded once for as long as it stays the same. Owns its weights.</summary>
internal sealed class ReferenceModel : IDisposable
{
    private DecoderModel? _model;
    private byte[] _identity = [];

    /// <summary>The policy in the folder; this object's, and good until the next call.</summary>
    /// <exception cref="Core.Ports.CheckpointException">The folder is no policy of a run.</exception>
    public DecoderModel Load(string folder)
    {
        var identity = TrainingStateFiles.Identity(folder);
        if (_model is { } held && _identity.AsSpan().SequenceEqual(identity)) return held;
        Dispose();
        _model = CheckpointFolder.Load(folder);
        _identity = identity;
        return _model;
    }

    public void Dispose()
    {
        _model?.Dispose();
        _model = null;
    }
}
