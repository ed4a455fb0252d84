using System.Net;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>
/// Keeps other web pages in the user's browser away from a control plane on the user's machine: they may neither change
/// anything (forged requests) nor read anything under a name of their own that leads here (rebinding). Under a Functions
/// host, which checks keys and identities and passes its own host name, only the browser's word counts.
/// </summary>
internal sealed class CrossSiteGuard(RequestDelegate next, FunctionsOptions options)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!options.UnderFunctionsHost && !IsLoopback(request.Host.Host))
            return Reply.ProblemAsync(context, StatusCodes.Status421MisdirectedRequest, "this control plane answers to localhost and 127.0.0.1 only");
        if (!HttpMethods.IsGet(request.Method) && IsForeign(request))
            return Reply.ProblemAsync(context, StatusCodes.Status403Forbidden, "a page of another site may not change anything here");
        return next(context);
    }

    private bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site is not ("same-origin" or "none")) return true;
        var origin = request.Headers.Origin.ToString();
        return !options.UnderFunctionsHost && origin.Length > 0 && origin != $"{request.Scheme}://{request.Host}";
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
