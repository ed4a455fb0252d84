using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Functions;

/// <summary>What a caller that knows models lends to the control plane, which knows none.</summary>
public sealed record ControlPlaneTools
{
    /// <summary>Checks more of a spec before it is accepted; throws <see cref="InvalidInputException"/>.</summary>
    public Action<RunSpec> CheckSpec { get; init; } = _ => { };

    /// <summary>Reads the tokenizer in a folder; without it completions are shown as token ids. Throws <see cref="InvalidInputException"/> for one it cannot read.</summary>
    public Func<string, ITokenizer>? LoadTokenizer { get; init; }
}
