using System.Collections.Frozen;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>Verifiers by the name a spec gives them.</summary>
public static class Verifiers
{
    private static readonly FrozenDictionary<string, Func<IVerifier>> s_factories =
        new Dictionary<string, Func<IVerifier>>
        {
            ["exact"] = () => new ExactVerifier(),
            ["maths"] = () => new MathsVerifier(),
            ["numeric"] = () => new NumericVerifier(),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every name that <see cref="Create"/> knows, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_factories.Keys.Order(StringComparer.Ordinal)];

    /// <exception cref="InvalidInputException">No verifier has that name; the message lists those there are.</exception>
    public static IVerifier Create(string name) => s_factories.TryGetValue(name, out var factory)
        ? factory()
        : throw new InvalidInputException("verifier", $"'{name}' is not known; choose one of {string.Join(", ", Names)}.");
}
