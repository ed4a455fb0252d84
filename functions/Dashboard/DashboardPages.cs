using System.Reflection;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>
/// The page at the root and its files, which are part of the program. A Functions host asks for the root until it is there, to
/// see that this process is ready.
/// </summary>
internal static class DashboardPages
{
    /// <summary>Only this server's own files, no markup made of text: what a model wrote can at worst be read.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    private const string Prefix = "web/";
    private const string Page = "index.html";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var assembly = typeof(DashboardPages).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var file = name[Prefix.Length..];
            var (content, type) = (Read(assembly, name), Types[Path.GetExtension(file)]);
            routes.MapGet(file == Page ? "/" : $"/{name}", context => ShowAsync(context, content, type));
        }
    }

    private static Task ShowAsync(HttpContext context, byte[] content, string type)
    {
        var headers = context.Response.Headers;
        (headers.ContentSecurityPolicy, headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) = (Policy, "no-referrer", "same-origin");
        return Reply.BytesAsync(context, content, type);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var input = assembly.GetManifestResourceStream(name)!;
        var content = new byte[input.Length];
        input.ReadExactly(content);
        return content;
    }
}
