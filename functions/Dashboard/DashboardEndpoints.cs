using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Functions.Api;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>The operations that the dashboard is made of; programs may use them too.</summary>
internal sealed class DashboardEndpoints(CurveEndpoints curves, ProgressEndpoint progress, TaskEndpoints tasks, GroupEndpoint group, EventStream events)
{
    private static readonly ApiParameter After = new("after", "Step after which it begins.", RunSpecReader.MaxSteps + 1);
    private static readonly ApiParameter Every = new("every", "Every n-th step only.", RunSpecReader.MaxSteps);

    public IReadOnlyList<ApiOperation> All { get; } =
    [
        new("ShowCurves", "GET", "runs/{run}/curves", "A few numbers of each step, for charts.", curves.CurvesAsync) { Response = "Curves", Query = [After, Every, new("limit", "Steps at most.", CurveEndpoints.MostPoints)], Problems = [400, 404] },
        new("ShowAllocation", "GET", "runs/{run}/allocation", "Rollouts of each step by predicted success rate.", curves.AllocationAsync) { Response = "AllocationColumns", Query = [After, Every, new("limit", "Steps at most.", CurveEndpoints.MostColumns)], Problems = [400, 404] },
        new("ShowProgress", "GET", "runs/{run}/progress", "The step in work, its workers, the limits of the run.", progress.ShowAsync) { Response = "Progress", Problems = [400, 404] },
        new("ListTasks", "GET", "runs/{run}/steps/{step}/tasks", "Tasks of a step: what was planned and what came out.", tasks.ListAsync) { Response = "StepTasks", Query = [new("after", "Rows before the page.", TaskEndpoints.MostOffset), new("limit", "Rows of a page, 50 when left out.", TaskEndpoints.MostRows), new("order", "rollouts, value, successRate or task.")], Problems = [400, 404] },
        new("ShowGroup", "GET", "runs/{run}/steps/{step}/tasks/{task}", "All rollouts of one task in a step.", group.ShowAsync) { Response = "Group", Problems = [400, 404] },
        new("Follow", "GET", "events", "Server-sent events: the runs, or one run, whenever something changes.", events.StreamAsync) { ContentType = EventStream.ContentType, Query = [new("run", "Id of the run to follow; the list of runs when left out.")], Problems = [400, 404, 503] },
    ];
}
