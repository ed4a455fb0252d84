using System.Diagnostics;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Runs a hook of azure.yaml as azd would, with programs of our own in place of az and azd. Gone with this object.</summary>
internal sealed class Hook : IDisposable
{
    private static readonly Lazy<bool> HasPowerShell = new(() =>
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["tool", "run", "pwsh", "--", "-NoProfile", "-Command", "exit 0"]) { WorkingDirectory = Repository.Root, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    private readonly DirectoryInfo _programs = Directory.CreateTempSubdirectory("knapsack-hook-");
    private readonly Dictionary<string, string> _environment = [];

    /// <summary>Both kinds of shell that azd runs hooks in: they have to do the same.</summary>
    public static TheoryData<string> Shells => new("sh", "pwsh");

    public Hook With(string variable, string value)
    {
        _environment[variable] = value;
        return this;
    }

    /// <summary>A program on the path.</summary>
    /// <param name="script">Body of a shell script; <c>$*</c> is what it was called with.</param>
    public Hook WithProgram(string name, string script)
    {
        var path = Path.Combine(_programs.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return this;
    }

    /// <summary>An azd that writes down what it is told to keep: see <see cref="Kept"/>.</summary>
    public Hook WithAzd() => WithProgram("azd", $"echo \"$*\" >> '{Path.Combine(_programs.FullName, "kept")}'");

    public IReadOnlyList<string> Kept => File.Exists(Path.Combine(_programs.FullName, "kept")) ? File.ReadAllLines(Path.Combine(_programs.FullName, "kept")) : [];

    public Task<ToolResult> RunAsync(string shell, string hook)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "its programs are shell scripts");
        var script = Repository.At($"infra/hooks/{hook}");
        if (shell == "sh") return RunAsync("sh", [$"{script}.sh"]);
        Assert.SkipUnless(HasPowerShell.Value, "there is no PowerShell: 'dotnet tool restore' first");
        return RunAsync("dotnet", ["tool", "run", "pwsh", "--", "-NoProfile", "-NonInteractive", "-File", $"{script}.ps1"]);
    }

    public void Dispose() => _programs.Delete(recursive: true);

    private Task<ToolResult> RunAsync(string program, string[] arguments) => Tool.RunAsync(
        program, Repository.Root, new Dictionary<string, string>(_environment) { ["PATH"] = $"{_programs.FullName}:{Environment.GetEnvironmentVariable("PATH")}" }, arguments);
}
