using System.Diagnostics;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Functions.Api;

/// <summary>Every answer other than success is a problem document; what went wrong inside goes to the log and not to the caller.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    /// <summary>A body can be made of errors; nobody reads more.</summary>
    private const int MostErrors = 500;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await Reply.ProblemAsync(context, context.Response.StatusCode, Describe(context));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await AnswerAsync(context, error);
        }
    }

    private Task AnswerAsync(HttpContext context, Exception error) => error switch
    {
        InvalidInputException invalid => Reply.ProblemAsync(context, StatusCodes.Status400BadRequest, Count(invalid.Errors.Count), [.. invalid.Errors.Take(MostErrors)]),
        RequestRefusedException refused => Reply.ProblemAsync(context, refused.Status, refused.Message),
        BadHttpRequestException bad => Reply.ProblemAsync(context, bad.StatusCode, bad.Message),
        StoreException or QueueException => FaultAsync(context, error, StatusCodes.Status503ServiceUnavailable, "the store or a queue does not answer: try again later"),
        _ => FaultAsync(context, error, StatusCodes.Status500InternalServerError, "this is a fault of the control plane, or of what is stored: its log says more under this trace id"),
    };

    private Task FaultAsync(HttpContext context, Exception error, int status, string detail)
    {
        var trace = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
        LogFault(error, context.Request.Method, context.Request.Path.Value ?? "", trace);
        return Reply.ProblemAsync(context, status, detail, null, trace);
    }

    private static string Count(int errors) => errors switch
    {
        1 => "the input has 1 error",
        <= MostErrors => $"the input has {errors} errors",
        _ => $"the input has {errors} errors, of which the first {MostErrors} are listed",
    };

    private static string Describe(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => "there is nothing here: GET /api/openapi.json says what there is",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} cannot be done here; the header Allow says what can",
        _ => "the request was refused",
    };

    [LoggerMessage(400, LogLevel.Error, "{Method} {Path} failed, trace {Trace}")]
    private partial void LogFault(Exception error, string method, string path, string trace);
}
