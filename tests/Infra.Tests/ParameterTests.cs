using System.Text.Json;
using System.Text.Json.Nodes;

namespace KnapsackCloud.Infra.Tests;

/// <summary>What a user sets with <c>azd env set</c> reaches the Bicep, and a mistake is refused before anything is made.</summary>
public class ParameterTests
{
    [Fact]
    public async Task Variables_become_parameters_of_their_types()
    {
        var parameters = await ReadAsync(new()
        {
            ["AZURE_ENV_NAME"] = "first",
            ["AZURE_LOCATION"] = "westeurope",
            ["AZURE_PRINCIPAL_ID"] = "me",
            ["AZURE_PRINCIPAL_TYPE"] = "ServicePrincipal",
            ["SERVICE_GPU_WORKER_IMAGE_NAME"] = "r/w:1",
            ["SERVICE_LEARNER_IMAGE_NAME"] = "r/l:1",
            ["KNAPSACK_GPU"] = "a100",
            ["KNAPSACK_WORKER_KIND"] = "app",
            ["KNAPSACK_MAX_WORKERS"] = "5",
            ["KNAPSACK_MAX_HOURS"] = "48",
            ["KNAPSACK_ALWAYS_READY"] = "1",
            ["KNAPSACK_ALERT_EMAILS"] = "a@example.org,b@example.org",
            ["KNAPSACK_BUDGET_PER_MONTH"] = "7",
            ["KNAPSACK_BUDGET_START"] = "2027-02-01",
            ["KNAPSACK_KEEP_RUNS_DAYS"] = "30",
            ["KNAPSACK_LOG_GIGABYTES_PER_DAY"] = "2",
            ["KNAPSACK_ZONE_REDUNDANT"] = "true",
            ["KNAPSACK_PRIVATE_NETWORK"] = "true",
            ["KNAPSACK_LOCK_RUNS"] = "true",
            ["KNAPSACK_API_CLIENT_ID"] = "app-1",
            ["KNAPSACK_OTLP_ENDPOINT"] = "http://c:4317",
        });
        const string Expected = """
            {"environmentName":"first","location":"westeurope","deployerId":"me","deployerType":"ServicePrincipal","images":{"worker":"r/w:1","learner":"r/l:1"},
             "gpu":"a100","workerKind":"app","maxWorkers":5,"maxHours":48,"alwaysReady":1,"alertEmails":["a@example.org","b@example.org"],"budgetPerMonth":7,"budgetStart":"2027-02-01",
             "keepRunsDays":30,"logGigabytesPerDay":2,"zoneRedundant":true,"privateNetwork":true,"lockRuns":true,"apiClientId":"app-1","otlpEndpoint":"http://c:4317"}
            """;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Expected), parameters), parameters.ToJsonString());
    }

    [Theory]
    [InlineData("KNAPSACK_GPU", "h100", "'a100' | 'none' | 't4'")]
    [InlineData("KNAPSACK_MAX_WORKERS", "many", "maxWorkers")]
    [InlineData("KNAPSACK_PRIVATE_NETWORK", "perhaps", "privateNetwork")]
    public async Task A_value_that_is_none_is_refused_with_what_there_is(string variable, string value, string told)
    {
        var result = await Tool.BicepAsync(new Dictionary<string, string> { [variable] = value }, "build-params", "main.bicepparam", "--stdout");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(told, result.Errors, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> ReadAsync(Dictionary<string, string> variables)
    {
        var result = await Tool.BicepAsync(variables, "build-params", "main.bicepparam", "--stdout");
        Assert.True(result.ExitCode == 0, result.Errors);
        var parameters = JsonNode.Parse(JsonDocument.Parse(result.Output).RootElement.GetProperty("parametersJson").GetString()!)!["parameters"]!.AsObject();
        return new JsonObject(parameters.Select(one => KeyValuePair.Create(one.Key, one.Value!["value"]?.DeepClone())));
    }
}
