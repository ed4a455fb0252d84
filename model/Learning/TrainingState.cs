using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>What training needs beside the weights to go on as if it had never stopped. All stay the caller's.</summary>
/// <param name="Tensors">What the weights are called, in the files of a checkpoint.</param>
internal sealed record TrainingState(AdamW Optimiser, AccumulatedGradient Accumulated, IReadOnlyList<CheckpointTensor> Tensors)
{
    /// <summary>The tensors of each weight, by its number.</summary>
    public IEnumerable<IGrouping<int, CheckpointTensor>> OfParameters => Tensors.GroupBy(tensor => tensor.Parameter);
}
