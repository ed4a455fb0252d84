using System.CommandLine;
using KnapsackCloud.Cli.Allocate;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack allocate</c>: solves one allocation of a file's tasks.</summary>
internal static class AllocateCommand
{
    private static readonly Argument<string?> Tasks = new("tasks") { Description = "JSONL file, a task a line: {\"id\":\"a\",\"successes\":3,\"attempts\":8} or {\"id\":\"a\",\"successRate\":0.375}, optionally \"cost\"", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<double?> Budget = new("--budget") { Description = "Rollouts, or tokens with --unit tokens, to spend in all" };
    private static readonly Option<int> Min = new("--min") { Description = "Fewest rollouts of a task; 0 lets a task be left out", DefaultValueFactory = _ => 2 };
    private static readonly Option<int> Max = new("--max") { Description = "Most rollouts of a task", DefaultValueFactory = _ => 128 };
    private static readonly Option<string> Policy = new("--policy") { Description = $"One of {string.Join(", ", AllocationPolicies.Names)}", DefaultValueFactory = _ => "posterior" };
    private static readonly Option<string> Unit = new("--unit") { Description = "What the budget counts: rollouts or tokens", DefaultValueFactory = _ => "rollouts" };
    private static readonly Option<bool> AllowUnspent = new("--allow-unspent") { Description = "Accept a budget above what all tasks at --max can use" };
    private static readonly Option<bool> Policies = new("--policies") { Description = "List the policies" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("allocate", "Spends a budget of rollouts on tasks where they teach most, and proves how good that is.") { Tasks, Budget, Min, Max, Policy, Unit, AllowUnspent, Policies, Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var json = parsed.GetValue(Json);
        if (parsed.GetValue(Policies))
        {
            AllocationView.PrintNames(AllocationPolicies.Names, json);
            return ExitCodes.Done;
        }

        var errors = new List<InputError>();
        var problem = Read(parsed, errors);
        if (!AllocationPolicies.Names.Contains(parsed.GetValue(Policy)!))
            errors.Add(new InputError("--policy", $"'{parsed.GetValue(Policy)}' is unknown: use {string.Join(", ", AllocationPolicies.Names)}"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
        var policy = AllocationPolicies.Create(parsed.GetValue(Policy)!);
        var started = TimeProvider.System.GetTimestamp();
        var allocation = policy.Allocate(problem);
        var milliseconds = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
        var view = new AllocationView(policy.Name, problem, allocation, milliseconds);
        if (json) view.WriteJson();
        else view.Print();
        return ExitCodes.Done;
    }

    private static AllocationProblem Read(ParseResult parsed, List<InputError> errors)
    {
        var (budget, min, max, unit) = (parsed.GetValue(Budget), parsed.GetValue(Min), parsed.GetValue(Max), parsed.GetValue(Unit)!);
        if (budget is null) errors.Add(new InputError("--budget", "is missing"));
        else if (!(budget is >= 0 and <= AllocationProblem.LargestAmount)) errors.Add(new InputError("--budget", FormattableString.Invariant($"is {budget}: it must be from 0 to {AllocationProblem.LargestAmount}")));
        if (min is < 0 or > AllocationProblem.MostRollouts) errors.Add(new InputError("--min", $"is {min}: it must be from 0 to {AllocationProblem.MostRollouts}"));
        if (max is < 1 or > AllocationProblem.MostRollouts) errors.Add(new InputError("--max", $"is {max}: it must be from 1 to {AllocationProblem.MostRollouts}"));
        else if (max < min) errors.Add(new InputError("--max", $"is {max}, below --min {min}"));
        if (unit is not ("rollouts" or "tokens")) errors.Add(new InputError("--unit", $"'{unit}' is unknown: use rollouts or tokens"));
        var problem = new AllocationProblem { Tasks = ReadTasks(parsed.GetValue(Tasks), unit == "tokens", errors), Budget = budget ?? 0, Min = min, Max = max };
        if (errors.Count == 0 && !parsed.GetValue(AllowUnspent) && AllocationBudget.Unspendable(problem, "--budget") is { } unspendable) errors.Add(unspendable);
        return problem;
    }

    private static IReadOnlyList<TaskEvidence> ReadTasks(string? file, bool tokens, List<InputError> errors)
    {
        if (file is null)
        {
            errors.Add(new InputError("tasks", "name the JSONL file of the tasks"));
            return [];
        }

        try
        {
            return AllocationFile.Parse(file, File.ReadAllBytes(file), tokens, errors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(new InputError(file, $"cannot be read: {e.Message}"));
            return [];
        }
    }
}
