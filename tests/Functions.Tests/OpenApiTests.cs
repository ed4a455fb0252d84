using System.Text.Json.Nodes;
using KnapsackCloud.Functions.Api;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

public class OpenApiTests
{
    [Fact]
    public async Task The_document_has_every_operation_and_every_reference_in_it_leads_somewhere()
    {
        await using var plane = await StartAsync(underHost: true);
        var document = await plane.GetJsonAsync("/api/openapi.json");
        foreach (var operation in plane.Get<ApiOperations>().All)
            Assert.Equal(operation.Function, document["paths"]![ApiOperations.Prefix + operation.Route]![operation.Method.ToLowerInvariant()]!["operationId"]!.GetValue<string>());
        var references = Nodes(document).OfType<JsonObject>().Where(node => node.ContainsKey("$ref")).Select(node => node["$ref"]!.GetValue<string>()).Distinct().ToList();
        Assert.NotEmpty(references);
        foreach (var reference in references)
        {
            JsonNode? node = document;
            foreach (var part in reference.Split('/').Skip(1)) node = node?[part];
            Assert.True(node is JsonObject, reference);
        }
    }

    [Fact]
    public async Task What_a_run_looks_like_is_what_the_document_says()
    {
        await using var plane = await StartAsync(underHost: true);
        var properties = (await plane.GetJsonAsync("/api/openapi.json"))["components"]!["schemas"]!["Run"]!["properties"]!.AsObject();
        var run = (await plane.GetJsonAsync($"/api/runs/{await plane.StartRunAsync()}")).AsObject();
        Assert.Equal(properties.Select(property => property.Key).Order(), run.Select(member => member.Key).Order());
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => node switch
    {
        JsonObject members => members.Where(member => member.Value is not null).SelectMany(member => Nodes(member.Value!)).Prepend(node),
        JsonArray items => items.OfType<JsonNode>().SelectMany(Nodes).Prepend(node),
        _ => [node],
    };
}
