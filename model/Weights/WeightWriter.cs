using System.Globalization;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>Writes weights as one safetensors file, or as several with an index where they are too large for one.</summary>
internal static class WeightWriter
{
    /// <summary>What transformers puts into one file.</summary>
    public const long MostFileBytes = 5_000_000_000;

    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <param name="tensors">In the order in which they fill the files; a tensor is never divided.</param>
    public static void Write(string folder, IReadOnlyList<KeyValuePair<string, Tensor>> tensors, long mostFileBytes = MostFileBytes)
    {
        var shards = Shards(tensors, mostFileBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, WeightFiles.SingleName), new Dictionary<string, Tensor>(tensors), Metadata);
            return;
        }

        var fileOf = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (number, shard) in shards.Index())
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"model-{number + 1:D5}-of-{shards.Count:D5}.safetensors");
            SafetensorsWriter.Write(Path.Combine(folder, name), new Dictionary<string, Tensor>(shard), Metadata);
            foreach (var (tensor, _) in shard) fileOf.Add(tensor, name);
        }

        File.WriteAllBytes(Path.Combine(folder, WeightFiles.IndexName), JsonFile.Bytes(json =>
        {
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", tensors.Sum(pair => Bytes(pair.Value)));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach (var (tensor, name) in fileOf) json.WriteString(tensor, name);
            json.WriteEndObject();
        }));
    }

    private static List<List<KeyValuePair<string, Tensor>>> Shards(IReadOnlyList<KeyValuePair<string, Tensor>> tensors, long mostFileBytes)
    {
        var shards = new List<List<KeyValuePair<string, Tensor>>> { new() };
        long filled = 0;
        foreach (var pair in tensors)
        {
            if (filled > 0 && filled + Bytes(pair.Value) > mostFileBytes)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(pair);
            filled += Bytes(pair.Value);
        }

        return shards;
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.element_size();
}
