namespace KnapsackCloud.Infra.Tests;

public class ShellTests
{
    [Fact]
    public async Task Scripts_have_nothing_that_shellcheck_would_change()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "shellcheck"))), "there is no shellcheck");
        string[] scripts = ["knapsack", ".ci/run", .. Scripts("infra/hooks"), .. Scripts("build")];
        Assert.True(scripts.Length > 4);
        var result = await Tool.RunAsync("shellcheck", Repository.Root, scripts);
        Assert.Equal((0, ""), (result.ExitCode, result.All));
    }

    private static IEnumerable<string> Scripts(string folder) => Directory.GetFiles(Repository.At(folder), "*.sh").Select(file => Path.GetRelativePath(Repository.Root, file));
}
