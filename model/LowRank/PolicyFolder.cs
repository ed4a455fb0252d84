using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.LowRank;

/// <summary>A policy's folder, which has whole weights or only an adapter of policy 0's.</summary>
public static class PolicyFolder
{
    /// <summary>Whether the folder's policy is an adapter that needs its base beside it.</summary>
    public static bool IsAdapterOnly(string folder) => AdapterFolder.IsIn(folder) && !WeightFiles.AreIn(folder);

    /// <summary>A model's folder, with the adapter of another folder merged in where one is given; the caller's.</summary>
    /// <exception cref="InvalidInputException">No model or adapter that can be read, or an adapter that does not fit.</exception>
    public static DecoderModel Load(string folder, string? adapterFolder, Func<ModelConfig, ScalarType> precision)
    {
        if (adapterFolder is not null && !AdapterFolder.IsIn(adapterFolder))
            throw new InvalidInputException(adapterFolder, $"has no {AdapterFolder.ConfigName}; give the folder of a PEFT adapter");
        var model = CheckpointFolder.Load(folder, precision);
        try
        {
            if (adapterFolder is null) return model;
            using var adapter = AdapterFolder.Load(adapterFolder, model.Config);
            adapter.MergeInto(model, model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The adapter in a folder merged with its base; the caller's, while the base stays.</summary>
    /// <exception cref="InvalidInputException">The adapter is damaged or does not fit the base.</exception>
    public static DecoderModel LoadAdapted(string folder, DecoderModel basis)
    {
        using var adapter = AdapterFolder.Load(folder, basis.Config);
        return adapter.Merged(basis);
    }
}
