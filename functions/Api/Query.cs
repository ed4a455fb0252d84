using System.Globalization;
using KnapsackCloud.Core.Contracts;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>What routes and queries carry, checked.</summary>
internal static class Query
{
    /// <exception cref="InvalidInputException">The route's run is no run id.</exception>
    public static RunId Run(HttpContext context) => ParseRun("run", context.Request.RouteValues["run"] as string);

    /// <exception cref="InvalidInputException">The route's step is no step.</exception>
    public static int Step(HttpContext context) => Whole("step", context.Request.RouteValues["step"] as string, 0, 1, RunSpecReader.MaxSteps + 1);

    /// <summary>Null when the query has none.</summary>
    /// <exception cref="InvalidInputException">It is no run id.</exception>
    public static RunId? RunOrNone(HttpContext context, string name) => Text(context, name) is { } text ? ParseRun(name, text) : null;

    /// <exception cref="InvalidInputException">The route's task is no task id.</exception>
    public static TaskId Task(HttpContext context) => TaskId.TryParse(context.Request.RouteValues["task"] as string, out var task)
        ? task
        : throw new InvalidInputException("task", $"is no task id: use 1 to {TaskId.MaxLength} of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit");

    /// <summary>The first choice when the query has none.</summary>
    /// <exception cref="InvalidInputException">It is none of the choices.</exception>
    public static string Choice(HttpContext context, string name, IReadOnlyList<string> choices)
    {
        var text = Text(context, name) ?? choices[0];
        return choices.Contains(text) ? text : throw new InvalidInputException(name, $"must be one of {string.Join(", ", choices)}");
    }

    /// <exception cref="InvalidInputException">It is no whole number in range.</exception>
    public static int Whole(HttpContext context, string name, int byDefault, int min, int max) => Whole(name, Text(context, name), byDefault, min, max);

    private static int Whole(string name, string? text, int byDefault, int min, int max)
    {
        if (text is null) return byDefault;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new InvalidInputException(name, $"must be a whole number from {min} to {max}");
    }

    private static string? Text(HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    private static RunId ParseRun(string name, string? text) => RunId.TryParse(text, out var run)
        ? run
        : throw new InvalidInputException(name, $"is no run id: use 1 to {RunId.MaxLength} of a-z, 0-9 and '-', starting with a letter or digit");
}
