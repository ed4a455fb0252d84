using System.Security.Cryptography;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The training state beside the weights it belongs to: the optimiser's moments and what has accumulated of gradients under the weights'
/// Hugging Face names in <c>training_state.safetensors</c>, and <c>training_state.json</c> with the rest and the SHA-256 of all tensor files,
/// by which two states are known to be one. Random choices are hashed from seed and step, so there is no generator to keep.
/// </summary>
internal static class TrainingStateFiles
{
    public const string TensorsName = "training_state.safetensors";
    public const string ScalarsName = "training_state.json";
    private const int Format = 1;
    private const string MeansPrefix = "exp_avg.";
    private const string SquaresPrefix = "exp_avg_sq.";
    private const string GradientPrefix = "grad.";
    private const string AccumulatedMember = "accumulated";

    /// <summary>Writes moments and gradients, beside the weights or the adapter.</summary>
    public static void SaveTensors(TrainingState state, string folder)
    {
        using var scope = NewDisposeScope();
        var moments = state.OfParameters.SelectMany(parts => Rows(parts, state.Optimiser.Moments.Of(parts.Key)));
        var gradients = state.Accumulated.Mean is { } mean ? state.OfParameters.SelectMany(parts => Rows(parts, mean.Views[parts.Key])) : [];
        SafetensorsWriter.Write(Path.Combine(folder, TensorsName), moments.Concat(gradients).ToDictionary(part => part.Name, part => part.Rows));
    }

    /// <summary>Writes the rest, once all tensors are in the folder. Returns the state's identity.</summary>
    public static byte[] SaveScalars(TrainingState state, string folder)
    {
        var hashes = Task.WhenAll(HashedFiles(folder).Select(file => Task.Run(() => (Name: file, Hash: Hash(folder, file))))).GetAwaiter().GetResult();
        var scalars = JsonFile.Bytes(json =>
        {
            json.WriteNumber("format", Format);
            json.WriteString("optimiser", "adamw");
            json.WriteNumber("updates", state.Optimiser.Steps);
            WriteAccumulated(json, state.Accumulated);
            json.WriteStartObject("sha256");
            foreach (var (name, hash) in hashes) json.WriteString(name, hash);
            json.WriteEndObject();
        });
        File.WriteAllBytes(Path.Combine(folder, ScalarsName), scalars);
        return scalars;
    }

    /// <summary>The identity that <see cref="SaveScalars"/> returned for this folder's state.</summary>
    /// <exception cref="CheckpointException">The folder has no training state.</exception>
    public static byte[] Identity(string folder)
    {
        var path = Path.Combine(folder, ScalarsName);
        return File.Exists(path)
            ? File.ReadAllBytes(path)
            : throw new CheckpointException($"{path} is missing: the folder is no policy of a run; start a run from it with model.source hf:{folder}");
    }

    /// <summary>Restores the state, bit for bit.</summary>
    /// <exception cref="CheckpointException">A file is missing or damaged, or belongs to other weights.</exception>
    public static void Load(TrainingState state, string folder)
    {
        try
        {
            using var scalars = JsonFile.Read(Path.Combine(folder, ScalarsName));
            var root = scalars.RootElement;
            if (root.GetProperty("format").GetInt32() != Format) throw new CheckpointException($"{Path.Combine(folder, ScalarsName)} is of format {root.GetProperty("format")}; this program reads {Format}");
            CheckHashes(folder, root.GetProperty("sha256"));
            state.Optimiser.Steps = root.GetProperty("updates").GetInt64();
            var gradient = root.TryGetProperty(AccumulatedMember, out var accumulated)
                ? state.Accumulated.Restore(accumulated.GetProperty("size").GetDouble(), accumulated.GetProperty("rows").GetInt32())
                : null;
            using var reader = SafetensorsReader.Open(Path.Combine(folder, TensorsName));
            foreach (var parts in state.OfParameters) Read(reader, state.Optimiser, gradient, parts);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidInputException or IOException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException($"the training state in {folder} is damaged: {e.Message}", e);
        }
    }

    private static void WriteAccumulated(Utf8JsonWriter json, AccumulatedGradient accumulated)
    {
        if (accumulated.Size == 0) return;
        json.WriteStartObject(AccumulatedMember);
        json.WriteNumber("size", accumulated.Size);
        json.WriteNumber("rows", accumulated.Rows);
        json.WriteEndObject();
    }

    private static void Read(SafetensorsReader reader, AdamW optimiser, ParameterBuffer? gradient, IGrouping<int, CheckpointTensor> parts)
    {
        using var scope = NewDisposeScope();
        var moments = optimiser.Moments.Of(parts.Key);
        foreach (var (name, rows) in Rows(parts, moments)) reader.ReadInto(name, rows);
        optimiser.Moments.Keep(parts.Key, moments.Means, moments.Squares);
        if (gradient is null) return;
        foreach (var (name, rows) in Rows(parts, gradient.Views[parts.Key])) reader.ReadInto(name, rows);
    }

    /// <summary>The gradient of the tensors of a checkpoint that are one weight, as its rows.</summary>
    private static IEnumerable<(string Name, Tensor Rows)> Rows(IEnumerable<CheckpointTensor> parts, Tensor gradient) =>
        parts.Select(part => (GradientPrefix + part.Name, gradient.narrow(0, part.FirstRow, part.Shape[0])));

    /// <summary>Both moments of the tensors of a checkpoint that are one weight, as rows of its moments.</summary>
    private static IEnumerable<(string Name, Tensor Rows)> Rows(IEnumerable<CheckpointTensor> parts, (Tensor Means, Tensor Squares) moments)
    {
        foreach (var part in parts)
        {
            yield return (MeansPrefix + part.Name, moments.Means.narrow(0, part.FirstRow, part.Shape[0]));
            yield return (SquaresPrefix + part.Name, moments.Squares.narrow(0, part.FirstRow, part.Shape[0]));
        }
    }

    private static IEnumerable<string> HashedFiles(string folder) =>
        [.. PolicyFolder.IsAdapterOnly(folder) ? [] : CheckpointFolder.WeightNames(folder), .. AdapterFolder.IsIn(folder) ? [AdapterFolder.WeightsName] : Array.Empty<string>(), TensorsName];

    private static void CheckHashes(string folder, JsonElement hashes)
    {
        var files = HashedFiles(folder).ToList();
        foreach (var hash in hashes.EnumerateObject())
        {
            if (!files.Contains(hash.Name)) throw new InvalidDataException($"it names an unknown file '{hash.Name}'");
        }

        foreach (var file in files)
        {
            if (hashes.GetProperty(file).GetString() != Hash(folder, file))
                throw new CheckpointException($"{Path.Combine(folder, file)} is not the file that {ScalarsName} was written for: the two are of different updates, or one is damaged");
        }
    }

    private static string Hash(string folder, string file)
    {
        using var stream = File.OpenRead(Path.Combine(folder, file));
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
