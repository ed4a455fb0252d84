using System.CommandLine;

namespace KnapsackCloud.Cli.Generating;

/// <summary><c>--adapter</c>, the same for every command that opens a model.</summary>
internal static class AdapterOption
{
    public static Option<string?> Create() =>
        new("--adapter") { Description = "Folder of a LoRA adapter of the model, in the layout of PEFT; it is merged in" };
}
