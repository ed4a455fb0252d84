using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Functions.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KnapsackCloud.Functions.Api;

/// <summary>Every operation of the HTTP API, in one table: routes and the OpenAPI document are made of it.</summary>
internal sealed class ApiOperations
{
    public const string Prefix = "/api/";
    private readonly Lazy<byte[]> _document;

    public ApiOperations(RunEndpoints runs, StepEndpoints steps, HealthEndpoint health, DashboardEndpoints dashboard)
    {
        All =
        [
            new("StartRun", "POST", "runs", "Starts a run of a spec.", runs.StartAsync) { Request = "RunSpec", Response = "Run", Success = StatusCodes.Status202Accepted, Problems = [400, 403, 409, 413] },
            new("ListRuns", "GET", "runs", "Runs, those started last first.", runs.ListAsync) { Response = "Runs", Query = [new("limit", "Runs of a page, 50 when left out.", RunEndpoints.MostRuns), new("after", "Id of the last run of the page before.")], Problems = [400] },
            new("ShowRun", "GET", "runs/{run}", "One run.", runs.ShowAsync) { Response = "Run", Problems = [400, 404] },
            new("ListSteps", "GET", "runs/{run}/steps", "Summaries of steps, in order.", steps.ListAsync) { Response = "Steps", Query = [new("after", "Step after which the page begins.", RunSpecReader.MaxSteps + 1), new("limit", "Steps of a page, 100 when left out.", StepEndpoints.MostSteps)], Problems = [400, 404] },
            new("ShowStep", "GET", "runs/{run}/steps/{step}", "Plan, summary and learning of one step, as far as they are there.", steps.ShowAsync) { Response = "Step", Problems = [400, 404] },
            new("ListPolicies", "GET", "runs/{run}/policies", "Published policies of a run that are kept.", runs.PoliciesAsync) { Response = "Policies", Problems = [400, 404] },
            new("CancelRun", "POST", "runs/{run}/cancel", "Ends a run for good; its work is kept.", runs.CancelAsync) { Response = "Run", Problems = [400, 403, 404, 409] },
            new("PauseRun", "POST", "runs/{run}/pause", "Starts nothing new until the run is resumed.", runs.PauseAsync) { Response = "Run", Problems = [400, 403, 404, 409] },
            new("ResumeRun", "POST", "runs/{run}/resume", "Lets a paused or failed run go on.", runs.ResumeAsync) { Response = "Run", Problems = [400, 403, 404, 409] },
            new("Allocate", "POST", "allocate", "Solves one allocation; keeps nothing.", AllocateEndpoint.SolveAsync) { Request = "AllocateRequest", Response = "Allocation", Problems = [400, 403, 413] },
            .. dashboard.All,
            new("Health", "GET", "health", "Whether the control plane works and its store answers.", health.ShowAsync) { Response = "Health" },
            new("OpenApi", "GET", "openapi.json", "This document.", context => Reply.BytesAsync(context, _document!.Value, Reply.Json)),
        ];
        _document = new Lazy<byte[]>(() => OpenApiDocument.Write(All));
    }

    public IReadOnlyList<ApiOperation> All { get; }

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var operation in All) routes.MapMethods(Prefix + operation.Route, [operation.Method], operation.Handler);
    }
}
