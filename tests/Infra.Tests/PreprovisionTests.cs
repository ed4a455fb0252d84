using System.Globalization;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The hook before provisioning finds what would make a deployment fail half way, before anything is made.</summary>
public class PreprovisionTests
{
    private const string Flex = "functionapp list-flexconsumption-locations";
    private const string Profiles = "containerapp env workload-profile list-supported";
    private const string Usages = "containerapp list-usages";

    public static TheoryData<string> Shells => Hook.Shells;

    [Theory, MemberData(nameof(Shells))]
    public async Task Without_the_Azure_CLI_it_says_what_it_did_not_look_at(string shell)
    {
        using var hook = new Hook().With("AZURE_ENV_NAME", "first").With("AZURE_LOCATION", "swedencentral").WithAzd();
        var result = await hook.RunAsync(shell, "preprovision");
        Assert.Equal((0, "knapsack: region and quota are not looked at: the Azure CLI (az) is not installed\n"), (result.ExitCode, result.Errors));
        var month = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-01", CultureInfo.InvariantCulture);
        Assert.Equal([$"env set KNAPSACK_BUDGET_START {month}", "env set KNAPSACK_TORCH_BACKEND cpu"], hook.Kept);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task Every_wrong_value_is_told_with_its_cure(string shell)
    {
        using var hook = new Hook().With("AZURE_ENV_NAME", "My-Env").With("KNAPSACK_GPU", "h100").With("KNAPSACK_MAX_WORKERS", "many").With("KNAPSACK_BUDGET_START", "2026-01-01").WithAzd();
        var result = await hook.RunAsync(shell, "preprovision");
        Assert.Equal(1, result.ExitCode);
        string[] expected = ["'My-Env'", "azd env new NAME", "'h100'", "azd env set KNAPSACK_GPU none", "'many'", "azd env set KNAPSACK_MAX_WORKERS 2", "nothing was made"];
        Assert.All(expected, part => Assert.Contains(part, result.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain(hook.Kept, line => line.Contains("BUDGET_START", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sh", "ab", false)]
    [InlineData("sh", "abc", true)]
    [InlineData("sh", "abcdefghijk1", true)]
    [InlineData("sh", "abcdefghijk12", false)]
    [InlineData("pwsh", "ab", false)]
    [InlineData("pwsh", "abcdefghijk1", true)]
    public async Task A_name_fits_into_every_resources_name(string shell, string name, bool fits)
    {
        using var hook = new Hook().With("AZURE_ENV_NAME", name);
        Assert.Equal(fits ? 0 : 1, (await hook.RunAsync(shell, "preprovision")).ExitCode);
    }

    /// <summary>Two workers and the learner take three GPUs.</summary>
    [Theory]
    [InlineData("sh", "3", "0", true)]
    [InlineData("sh", "3", "1", false)]
    [InlineData("pwsh", "3.0", "0.0", true)]
    [InlineData("pwsh", "3", "1", false)]
    public async Task The_GPU_quota_has_to_be_enough_for_workers_and_learner(string shell, string limit, string used, bool enough)
    {
        using var hook = OfRegion(flex: "Sweden Central", profiles: "Consumption\nConsumption-GPU-NC8as-T4", usage: $"{limit}\t{used}").With("KNAPSACK_GPU", "t4").WithAzd();
        var result = await hook.RunAsync(shell, "preprovision");
        Assert.True(enough == (result.ExitCode == 0), result.Errors);
        if (enough) Assert.Contains("env set KNAPSACK_TORCH_BACKEND cuda", hook.Kept);
        else Assert.Contains("quota left for 2 GPUs of kind t4, and 3 are needed", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task A_region_without_what_is_needed_is_told(string shell)
    {
        using var hook = OfRegion(flex: "West Europe\nNorth Europe", profiles: "Consumption", usage: "").With("KNAPSACK_GPU", "a100");
        var result = await hook.RunAsync(shell, "preprovision");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("region 'swedencentral' has no Flex Consumption", result.Errors, StringComparison.Ordinal);
        Assert.Contains("region 'swedencentral' has no Consumption-GPU-NC24-A100", result.Errors, StringComparison.Ordinal);
        Assert.Contains("the GPU quota of region 'swedencentral' could not be looked up", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells))]
    public async Task What_Azure_does_not_tell_does_not_stop_it(string shell)
    {
        using var hook = new Hook().With("AZURE_ENV_NAME", "first").With("AZURE_LOCATION", "swedencentral").With("KNAPSACK_GPU", "t4")
            .WithProgram("az", """case "$*" in "account show"*) echo id ;; *) exit 3 ;; esac""");
        var result = await hook.RunAsync(shell, "preprovision");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(3, result.Errors.Split('\n').Count(line => line.EndsWith("could not be looked up", StringComparison.Ordinal)));
    }

    private static Hook OfRegion(string flex, string profiles, string usage) =>
        new Hook().With("AZURE_ENV_NAME", "first").With("AZURE_LOCATION", "swedencentral").WithProgram("az", $"""
            case "$*" in
              "account show"*) echo id ;;
              "{Flex}"*) echo '{flex}' ;;
              "{Profiles} --location swedencentral"*) echo '{profiles}' ;;
              "{Usages} --location swedencentral"*) echo '{usage}' ;;
              *) exit 9 ;;
            esac
            """);
}
