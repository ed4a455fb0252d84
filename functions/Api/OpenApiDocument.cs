using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace KnapsackCloud.Functions.Api;

/// <summary>The API as an OpenAPI 3.1 document.</summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";

    public static byte[] Write(IReadOnlyList<ApiOperation> operations)
    {
        var paths = new JsonObject();
        foreach (var route in operations.GroupBy(operation => operation.Route))
            paths[ApiOperations.Prefix + route.Key] = new JsonObject(route.Select(operation => KeyValuePair.Create(operation.Method.ToLowerInvariant(), (JsonNode?)Operation(operation))));
        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject { ["title"] = "KnapsackCloud control plane", ["version"] = "1" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = ApiSchemas.Write() },
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, ApiJson.Default.JsonObject);
    }

    private static JsonObject Operation(ApiOperation operation)
    {
        var written = new JsonObject { ["operationId"] = operation.Function, ["summary"] = operation.Summary };
        var parameters = new JsonArray([.. RouteParameters(operation.Route), .. operation.Query.Select(QueryParameter)]);
        if (parameters.Count > 0) written["parameters"] = parameters;
        if (operation.Request is { } request) written["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(Json, Reference(request)) };
        written["responses"] = Responses(operation);
        return written;
    }

    private static JsonObject Responses(ApiOperation operation)
    {
        var success = new JsonObject { ["description"] = ReasonPhrases.GetReasonPhrase(operation.Success) };
        success["content"] = Content(operation.ContentType, operation.Response is { } response ? Reference(response) : new JsonObject { ["type"] = "object" });
        var responses = new JsonObject { [$"{operation.Success}"] = success };
        if (operation.Method == "GET") responses["304"] = new JsonObject { ["description"] = "The content still has the entity tag of If-None-Match." };
        foreach (var problem in operation.Problems)
            responses[$"{problem}"] = new JsonObject { ["description"] = ReasonPhrases.GetReasonPhrase(problem), ["content"] = Content(ProblemJson, Reference("Problem")) };
        responses["default"] = new JsonObject { ["description"] = "A fault of the control plane or its store.", ["content"] = Content(ProblemJson, Reference("Problem")) };
        return responses;
    }

    private static IEnumerable<JsonNode> RouteParameters(string route) =>
        from part in route.Split('/')
        where part.StartsWith('{')
        let name = part.Trim('{', '}')
        select Parameter(name, "path", name switch { "run" => "Id of the run.", "task" => "Id of the task.", _ => "Number of the step, from 1." }, ApiSchemas.OfId(name));

    private static JsonNode QueryParameter(ApiParameter parameter) => Parameter(parameter.Name, "query", parameter.Description,
        parameter.Most is { } most ? new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = most } : new JsonObject { ["type"] = "string" });

    private static JsonObject Parameter(string name, string place, string description, JsonNode schema) =>
        new() { ["name"] = name, ["in"] = place, ["required"] = place == "path", ["description"] = description, ["schema"] = schema };

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };
}
