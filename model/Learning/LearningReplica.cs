using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// A model as one thread learns on it: the storage of the weights, and leaves of its own that collect gradients. Either all weights are
/// leaves, or an adapter's small matrices are. Then the merged weights are only read: no gradient as large as a weight is ever made, which
/// saves a third of the arithmetic and the memory of all of them.
/// </summary>
internal sealed class LearningReplica : IDisposable
{
    private readonly bool _ownsModel;
    private readonly double _scale;
    /// <summary>By the number of the parameter that they change, in the order of its rows.</summary>
    private readonly Dictionary<int, List<LowRankMatrix>> _changes = [];
    private readonly ScalarType _precision;
    private readonly Rotary? _rotary;

    private LearningReplica(DecoderModel model, bool ownsModel, LowRankAdapter? adapter, ScalarType? precision)
    {
        using var scope = NewDisposeScope();
        (Model, _ownsModel, _scale) = (model, ownsModel, adapter?.Settings.Scale ?? 0);
        _precision = precision ?? model.Embedding_VxD.dtype;
        if (_precision != model.Embedding_VxD.dtype) _rotary = new Rotary(model.Config, _precision);
        Leaves = adapter is null ? model.Parameters : [.. adapter.Tensors.Select(tensor => tensor.detach().requires_grad_(true).DetachFromDisposeScope())];
        if (adapter is null) return;
        foreach (var (number, matrix) in adapter.Matrices.Index())
        {
            if (!_changes.TryGetValue(matrix.Parameter, out var changes)) _changes[matrix.Parameter] = changes = [];
            changes.Add(matrix with { Down_RxI = Leaves[2 * number], Up_OxR = Leaves[(2 * number) + 1] });
        }

        foreach (var changes in _changes.Values) changes.Sort((a, b) => a.FirstRow.CompareTo(b.FirstRow));
    }

    /// <summary>What a pass computes on: the same leaves, behind weights rounded to the precision that it computes in.</summary>
    private LearningReplica(LearningReplica whole, DecoderModel rounded)
    {
        (Model, Leaves, _precision, _scale, _changes) = (rounded, whole.Leaves, whole._precision, whole._scale, whole._changes);
    }

    /// <summary>All weights learn.</summary>
    /// <param name="model">Stays the caller's.</param>
    /// <param name="precision">That passes compute in; null is that of the weights.</param>
    public static LearningReplica OfWeights(DecoderModel model, ScalarType? precision = null) => new(model.Replica(), ownsModel: true, null, precision);

    /// <summary>The adapter learns.</summary>
    /// <param name="merged">The model with the adapter merged in, kept so by the caller, whose it stays.</param>
    /// <param name="precision">That passes compute in; null is that of the weights.</param>
    public static LearningReplica OfAdapter(DecoderModel merged, LowRankAdapter adapter, ScalarType? precision = null) => new(merged, ownsModel: false, adapter, precision);

    /// <summary>Nothing learns.</summary>
    /// <param name="model">Stays the caller's.</param>
    /// <param name="precision">That passes compute in; null is that of the weights.</param>
    public static LearningReplica Frozen(DecoderModel model, ScalarType? precision = null) => new(model, ownsModel: false, null, precision);

    public DecoderModel Model { get; }

    /// <summary>What collects gradients, in the order of the model's parameters or of <see cref="LowRankAdapter.Tensors"/>.</summary>
    public IReadOnlyList<Tensor> Leaves { get; }

    /// <summary>The leaves that change a parameter, in the order of its rows; none where weights or nothing learn.</summary>
    public IReadOnlyList<LowRankMatrix> ChangesOf(int parameter) => _changes.GetValueOrDefault(parameter) ?? [];

    /// <summary>Of all changes.</summary>
    public double Scale => _scale;

    /// <summary>Whether the weights themselves are the leaves.</summary>
    public bool LearnsWeights => _changes.Count == 0;

    /// <summary>The precision that passes compute in.</summary>
    public ScalarType Precision => _precision;

    /// <summary>
    /// For passes over the present weights: this replica, or one whose model has them rounded to the precision that passes compute in
    /// (mixed precision, arXiv 1710.03740). Gradients add up in the leaves, unrounded. What it has is the current scope's.
    /// </summary>
    public LearningReplica ForPasses() => _rotary is null ? this : new(this, Model.Rounded(_precision, _rotary));

    /// <summary>x Wᵀ for rows of a matrix, [N, rows].</summary>
    /// <param name="offset">Of the matrix in its layer: a constant of <see cref="ParameterLayout"/>.</param>
    public Tensor Project(Tensor x_NI, int layer, int offset, long firstRow, long rows, Tensor? bias_O = null)
    {
        var parameter = ParameterLayout.First(Model.Config, layer) + offset;
        var all_OI = Model.Parameters[parameter];
        // The way back through a part of a matrix would fill a whole one with zeros.
        var y_NO = nn.functional.linear(x_NI, rows == all_OI.shape[0] ? all_OI : all_OI.narrow(0, firstRow, rows), bias_O);
        return is_grad_enabled() && _changes.TryGetValue(parameter, out var changes) ? y_NO.Plus(ZeroWithGradient(x_NI.detach(), changes, firstRow, rows)) : y_NO;
    }

    /// <summary>
    /// Zero, with the gradient of scale x (B A)ᵀ by A and B: the merged weights have given its value already, and they pass the
    /// gradient on to x.
    /// </summary>
    private Tensor ZeroWithGradient(Tensor x_NI, List<LowRankMatrix> changes, long firstRow, long rows)
    {
        var (parts, at) = (new List<Tensor>(), firstRow);
        foreach (var change in changes.Where(change => change.FirstRow >= firstRow && change.FirstRow < firstRow + rows))
        {
            Gap(change.FirstRow);
            parts.Add(nn.functional.linear(nn.functional.linear(x_NI, change.Down_RxI.to(x_NI.dtype)).Times(_scale), change.Up_OxR.to(x_NI.dtype)));
            at += change.Rows;
        }

        Gap(firstRow + rows);
        var all_NO = parts.Count == 1 ? parts[0] : cat(parts, -1);
        return all_NO - all_NO.detach();

        void Gap(long end)
        {
            if (end > at) parts.Add(zeros(x_NI.shape[0], end - at, dtype: x_NI.dtype));
            at = end;
        }
    }

    public void Dispose()
    {
        if (_ownsModel) Model.Dispose();
        _rotary?.Dispose();
        if (LearnsWeights) return;
        foreach (var leaf in Leaves) leaf.Dispose();
    }
}
