using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Core.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace KnapsackCloud.Functions.Api;

/// <summary>Writes answers: JSON with an entity tag, and problems.</summary>
internal static class Reply
{
    public const string Json = "application/json; charset=utf-8";
    private const string Problem = "application/problem+json; charset=utf-8";

    public static Task JsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        BytesAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, type), Json, status);

    /// <summary>The entity tag is a hash of the content, so that a caller who has it gets 304 and no body.</summary>
    public static async Task BytesAsync(HttpContext context, ReadOnlyMemory<byte> content, string contentType, int status = StatusCodes.Status200OK)
    {
        var response = context.Response;
        if (HttpMethods.IsGet(context.Request.Method) && status == StatusCodes.Status200OK)
        {
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content.Span)[..16])}\"");
            response.Headers.ETag = tag.ToString();
            response.Headers.CacheControl = "no-cache";
            if (IsKnown(context.Request, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, contentType, content.Length);
        await response.Body.WriteAsync(content, context.RequestAborted);
    }

    public static async Task ProblemAsync(HttpContext context, int status, string detail, IReadOnlyList<InputError>? errors = null, string? traceId = null)
    {
        var title = ReasonPhrases.GetReasonPhrase(status);
        var problem = new ProblemView($"urn:knapsack:{title.ToLowerInvariant().Replace(' ', '-')}", title, status, detail, errors, traceId);
        var content = JsonSerializer.SerializeToUtf8Bytes(problem, ApiJson.Default.ProblemView);
        (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength) = (status, Problem, content.Length);
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known)
        && known.Any(other => other.Tag == "*" || other.Compare(tag, useStrongComparison: false));
}
