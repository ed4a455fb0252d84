using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>One method of one route, with what its caller has to know.</summary>
/// <param name="Function">Name of the function that is triggered by it, and of its folder.</param>
/// <param name="Route">Below <c>/api/</c>.</param>
internal sealed record ApiOperation(string Function, string Method, string Route, string Summary, RequestDelegate Handler)
{
    /// <summary>Numbers and texts in the query.</summary>
    public IReadOnlyList<ApiParameter> Query { get; init; } = [];
    /// <summary>Schema of the body; null when there is none.</summary>
    public string? Request { get; init; }
    /// <summary>Schema of the answer; null for one that is a document of its own.</summary>
    public string? Response { get; init; }
    /// <summary>Of success.</summary>
    public string ContentType { get; init; } = "application/json";
    public int Success { get; init; } = StatusCodes.Status200OK;
    /// <summary>Answers other than success, beside those that any operation may give (500, 503).</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];
}

/// <param name="Most">Largest number; null for a text.</param>
internal sealed record ApiParameter(string Name, string Description, int? Most = null);
