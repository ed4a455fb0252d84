using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>
/// The weights of a model folder: one safetensors file, or several with an index that says which tensor lies where. Only
/// headers are read until a tensor is asked for. Dispose to close the files.
/// </summary>
internal sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsReader> _readerOf = new(StringComparer.Ordinal);
    private readonly List<SafetensorsReader> _readers = [];

    private WeightFiles() { }

    public static bool AreIn(string folder) => File.Exists(Path.Combine(folder, SingleName)) || File.Exists(Path.Combine(folder, IndexName));

    public IEnumerable<string> Names => _readerOf.Keys;

    /// <exception cref="InvalidInputException">No weights, an index against the format, or files that do not have what it says; everything wrong.</exception>
    /// <exception cref="InvalidDataException">A file is no whole, valid safetensors file.</exception>
    public static WeightFiles Open(string folder)
    {
        var files = new WeightFiles();
        try
        {
            var single = Path.Combine(folder, SingleName);
            if (File.Exists(single)) files.Add(SafetensorsReader.Open(single));
            else if (File.Exists(Path.Combine(folder, IndexName))) files.OpenShards(folder);
            else throw new InvalidInputException(single, $"there is no such file, nor {IndexName}; weights must be safetensors files (pickled checkpoints are not read)");
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Names of the folder's weight files, in order; the index first where there is one.</summary>
    /// <exception cref="InvalidInputException">The index is against the format.</exception>
    public static IReadOnlyList<string> NamesIn(string folder) =>
        File.Exists(Path.Combine(folder, SingleName))
            ? [SingleName]
            : [IndexName, .. Index(folder).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public SafetensorsEntry? Find(string name) => _readerOf.GetValueOrDefault(name)?.Header.Tensors[name];

    /// <summary>File and tensor, for messages.</summary>
    public string Place(string name) => $"{_readerOf.GetValueOrDefault(name)?.Path ?? _readers[0].Path} {name}";

    /// <inheritdoc cref="SafetensorsReader.ReadInto"/>
    public void ReadInto(string name, Tensor destination) => _readerOf[name].ReadInto(name, destination);

    public void Dispose()
    {
        foreach (var reader in _readers) reader.Dispose();
    }

    private void OpenShards(string folder)
    {
        var index = Index(folder);
        var errors = new List<InputError>();
        foreach (var file in index.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var path = Path.Combine(folder, file);
            if (File.Exists(path)) Add(SafetensorsReader.Open(path), index, errors);
            else errors.Add(new InputError(path, $"there is no such file, but {IndexName} names it"));
        }

        if (errors.Count == 0)
        {
            errors.AddRange(index.Where(pair => !_readerOf.ContainsKey(pair.Key)).Select(pair =>
                new InputError($"{Path.Combine(folder, pair.Value)} {pair.Key}", $"is not there, but {IndexName} says so")));
        }

        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private void Add(SafetensorsReader reader)
    {
        _readers.Add(reader);
        foreach (var name in reader.Header.Tensors.Keys) _readerOf[name] = reader;
    }

    private void Add(SafetensorsReader reader, Dictionary<string, string> index, List<InputError> errors)
    {
        _readers.Add(reader);
        foreach (var name in reader.Header.Tensors.Keys)
        {
            if (index.GetValueOrDefault(name) == Path.GetFileName(reader.Path)) _readerOf[name] = reader;
            else errors.Add(new InputError($"{reader.Path} {name}", $"is in this file, but not by {IndexName}"));
        }
    }

    /// <summary>File of every tensor.</summary>
    private static Dictionary<string, string> Index(string folder)
    {
        var path = Path.Combine(folder, IndexName);
        using var document = JsonFile.Read(path);
        if (!document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object || !map.EnumerateObject().Any())
            throw new InvalidInputException($"{path} weight_map", "must be an object that names each tensor's file");
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        var errors = new List<InputError>();
        foreach (var member in map.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.String || !IsFileName(member.Value.GetString()!))
                errors.Add(new InputError($"{path} {member.Name}", $"is in {JsonMembers.Shown(member.Value)}, which is no name of a .safetensors file in the same folder"));
            else if (!index.TryAdd(member.Name, member.Value.GetString()!))
                errors.Add(new InputError($"{path} {member.Name}", "is there twice"));
        }

        return errors.Count == 0 ? index : throw new InvalidInputException(errors);
    }

    /// <summary>A plain name: an index from outside must not lead anywhere else.</summary>
    private static bool IsFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
