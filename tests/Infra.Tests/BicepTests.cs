using System.Text.RegularExpressions;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The compiler's own checks. It ends with 0 on a warning too, even for a misspelled property: it must print nothing.</summary>
public partial class BicepTests
{
    private static readonly string[] Deployment =
    [
        "--subscription-id", "00000000-0000-0000-0000-000000000001", "--tenant-id", "00000000-0000-0000-0000-000000000002",
        "--location", "swedencentral", "--deployment-name", "ci",
    ];

    [Fact]
    public async Task It_compiles_without_a_word()
    {
        var result = await Tool.BicepAsync("build", "main.bicep", "--stdout");
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.DoesNotMatch(Keys(), result.Output);
    }

    [Fact]
    public async Task The_linter_has_nothing_to_say()
    {
        var result = await Tool.BicepAsync("lint", "main.bicep");
        Assert.Equal((0, ""), (result.ExitCode, result.All));
    }

    [Fact]
    public async Task A_misspelled_property_would_be_seen()
    {
        using var folder = new CopiedInfra();
        folder.Replace("modules/servicebus.bicep", "disableLocalAuth", "disableLocalAuht");
        var result = await Tool.BicepAsync("lint", folder.At("main.bicep"));
        Assert.Contains("disableLocalAuht", result.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_file_is_formatted()
    {
        using var formatted = new CopiedInfra();
        Assert.Equal("", (await Tool.BicepAsync("format", "--pattern", formatted.At("**/*.bicep"))).All);
        Assert.Equal("", (await Tool.BicepAsync("format", "--pattern", formatted.At("*.bicepparam"))).All);
        Assert.Equal([], formatted.Changed());
    }

    /// <summary>What a deployment makes is in the committed snapshots; a change of it is seen in review. To write them anew: the same command with <c>--mode overwrite</c>.</summary>
    [Theory]
    [InlineData("main")]
    [InlineData("everything")]
    public async Task What_is_deployed_is_what_the_snapshot_says(string parameters)
    {
        var result = await Tool.BicepAsync(["snapshot", $"{parameters}.bicepparam", "--mode", "validate", .. Deployment]);
        Assert.True(result.ExitCode == 0, $"bicep snapshot infra/{parameters}.bicepparam --mode overwrite {string.Join(' ', Deployment)}\n{result.All}");
    }

    [GeneratedRegex("listKeys|listAccountKeys|listCredentials|listSecrets|AccountKey=|SharedAccessKey|primaryKey|PrimarySharedKey|adminPassword", RegexOptions.IgnoreCase)]
    private static partial Regex Keys();
}
