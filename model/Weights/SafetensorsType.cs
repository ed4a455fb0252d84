using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>Element types of a safetensors file, and the tensor types that hold them.</summary>
internal static class SafetensorsType
{
    private static readonly Dictionary<string, (ScalarType Type, int Size)> ByName = new(StringComparer.Ordinal)
    {
        ["F64"] = (ScalarType.Float64, 8),
        ["F32"] = (ScalarType.Float32, 4),
        ["F16"] = (ScalarType.Float16, 2),
        ["BF16"] = (ScalarType.BFloat16, 2),
        ["I64"] = (ScalarType.Int64, 8),
        ["I32"] = (ScalarType.Int32, 4),
        ["I16"] = (ScalarType.Int16, 2),
        ["I8"] = (ScalarType.Int8, 1),
        ["U8"] = (ScalarType.Byte, 1),
        ["BOOL"] = (ScalarType.Bool, 1),
    };

    private static readonly Dictionary<ScalarType, string> Names = ByName.ToDictionary(pair => pair.Value.Type, pair => pair.Key);

    public static string Supported { get; } = string.Join(", ", ByName.Keys);

    public static bool TryParse(string name, out ScalarType type, out int size)
    {
        var known = ByName.TryGetValue(name, out var found);
        (type, size) = found;
        return known;
    }

    /// <exception cref="NotSupportedException">The format has no such element type.</exception>
    public static string NameOf(ScalarType type) =>
        Names.TryGetValue(type, out var name) ? name : throw new NotSupportedException($"safetensors has no element type for {type}; it holds {Supported}");
}
