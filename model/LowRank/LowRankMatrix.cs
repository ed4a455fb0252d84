using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.LowRank;

/// <summary>The change of one projection: Up_OxR Down_RxI, added to rows [FirstRow, FirstRow + O) of one of the model's parameters.</summary>
/// <param name="Module">Name in Hugging Face checkpoints, without <c>.weight</c>.</param>
public sealed record LowRankMatrix(string Module, int Parameter, long FirstRow, Tensor Down_RxI, Tensor Up_OxR)
{
    public long Rows => Up_OxR.shape[0];

    /// <summary>Rows of a parameter-shaped tensor that this changes; a view.</summary>
    public Tensor RowsOf(IReadOnlyList<Tensor> parameters) => parameters[Parameter].narrow(0, FirstRow, Rows);

    /// <summary>scale B A, to add to the rows.</summary>
    public Tensor Change(double scale) => Up_OxR.mm(Down_RxI).Times(scale);
}
