using Google.OrTools.LinearSolver;

namespace KnapsackCloud.Cli.Allocate;

/// <summary>
/// The same problem for Google OR-Tools: one 0-1 variable for each further rollout of a task, worth its marginal. The values
/// are concave, so no order among a task's variables has to be asked for; this is its best mixed-integer form.
/// </summary>
internal static class OrToolsKnapsack
{
    /// <param name="values">By task, the value of every count from the least on.</param>
    /// <param name="costs">Of one rollout of each task.</param>
    /// <param name="budget">Beyond the least counts.</param>
    /// <returns>The total value and whether it was proven best; null when nothing was found in time.</returns>
    public static (double Objective, bool Proven)? Solve(double[][] values, int[] costs, double budget, TimeSpan limit)
    {
        using var solver = Solver.CreateSolver("SCIP") ?? throw new InvalidOperationException("OR-Tools has no SCIP on this system");
        solver.SetTimeLimit((long)limit.TotalMilliseconds);
        using var spent = solver.MakeConstraint(0, budget);
        using var objective = solver.Objective();
        double least = 0;
        for (var task = 0; task < values.Length; task++)
        {
            least += values[task][0];
            for (var n = 1; n < values[task].Length; n++)
            {
                var bought = solver.MakeBoolVar("");
                spent.SetCoefficient(bought, costs[task]);
                objective.SetCoefficient(bought, values[task][n] - values[task][n - 1]);
            }
        }

        objective.SetMaximization();
        var status = solver.Solve();
        return status is Solver.ResultStatus.OPTIMAL or Solver.ResultStatus.FEASIBLE
            ? (least + objective.Value(), status == Solver.ResultStatus.OPTIMAL)
            : null;
    }
}
