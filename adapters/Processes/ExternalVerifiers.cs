using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Adapters.Processes;

/// <summary>Programs that score answers: the executables of one folder, which whoever runs this machine names. A spec names a program and never a path.</summary>
/// <param name="folder">Null: there are none.</param>
public sealed class ExternalVerifiers(string? folder, VerifierLimits limits, TimeProvider time)
{
    /// <exception cref="InvalidInputException">There is no such executable.</exception>
    public IScorer Find(string name)
    {
        if (folder is null) return Scorers.BuiltIn.Create(Verifiers.External + name);
        var path = Path.GetFullPath(Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name));
        if (!File.Exists(path)) throw new InvalidInputException("verifier", $"there is no program '{path}': put it there, or change the folder or the name");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) == 0)
            throw new InvalidInputException("verifier", $"'{path}' cannot be executed: chmod +x it");
        return new ExternalVerifier(name, path, limits, time);
    }
}
