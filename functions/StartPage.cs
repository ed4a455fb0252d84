using System.Text;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace KnapsackCloud.Functions;

/// <summary>What a browser gets at the root. A Functions host asks for it until it is there, to see that this process is ready.</summary>
internal static class StartPage
{
    private const string Page =
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="color-scheme" content="light dark">
        <title>KnapsackCloud</title>
        <h1>KnapsackCloud control plane</h1>
        <ul>
        <li><a href="/api/runs">Runs</a>
        <li><a href="/api/health">Health</a>
        <li><a href="/api/openapi.json">The HTTP API</a>
        </ul>
        </html>
        """;

    private static readonly byte[] Content = Encoding.UTF8.GetBytes(Page);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", context =>
    {
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        return Reply.BytesAsync(context, Content, "text/html; charset=utf-8");
    });
}
