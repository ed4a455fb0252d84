using System.CommandLine;
using KnapsackCloud.Adapters.Processes;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Cli.Commands;

/// <summary>Where programs are that score answers.</summary>
internal static class VerifierOption
{
    public static readonly Option<string?> Folder = new("--verifiers") { Description = "Folder of your programs that score answers: the verifier external:NAME is the program NAME in it [default: none]" };

    public static Scorers ScorersOf(ParseResult parsed) => new(new ExternalVerifiers(parsed.GetValue(Folder), VerifierLimits.Default, TimeProvider.System).Find);
}
