using System.CommandLine;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Running;

/// <summary><c>--device</c> and <c>--precision</c> of the commands that compute.</summary>
internal static class DeviceOption
{
    public static readonly Option<string> Device = new("--device") { Description = "auto (a GPU where there is one), cpu or cuda", DefaultValueFactory = _ => "auto" };
    public static readonly Option<string> Precision = new("--precision") { Description = "Of weights and cache in generation: f32, bf16 or auto (bf16 on a GPU, and on a CPU with AVX-512 from a hidden size of 128 up)", DefaultValueFactory = _ => "auto" };

    /// <summary>Before the first tensor of the process.</summary>
    /// <exception cref="InvalidInputException">No such device, or none that answers.</exception>
    public static void Use(ParseResult parsed) => ComputeDevice.Use(Read<DeviceChoice>("--device", parsed.GetValue(Device)!), "--device");

    /// <exception cref="InvalidInputException">No such precision.</exception>
    public static GenerationPrecision PrecisionOf(ParseResult parsed) => Read<GenerationPrecision>("--precision", parsed.GetValue(Precision)!);

    private static T Read<T>(string option, string text) where T : struct, Enum =>
        text.All(char.IsAsciiLetterOrDigit) && !char.IsAsciiDigit(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value
            : throw new InvalidInputException(option, $"'{text}' is not one of {string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}");
}
