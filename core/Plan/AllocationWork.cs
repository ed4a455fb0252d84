using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>One problem while a policy solves it: the solver's items with the beliefs behind them, and the result's certificate.</summary>
internal sealed class AllocationWork
{
    private readonly AllocationProblem _problem;
    private readonly Func<TaskEvidence, Belief> _believe;
    private readonly CostUnits _units;
    private readonly KnapsackItem[] _items;

    /// <param name="believe">What the policy holds of a task.</param>
    /// <param name="fixedCount">Given a task and the uniform count: its rollouts where the solver is not to decide them, else null.</param>
    /// <exception cref="InvalidInputException">The problem is malformed or its budget does not pay for the minimum.</exception>
    public AllocationWork(AllocationProblem problem, Func<TaskEvidence, Belief> believe, Func<TaskEvidence, int, int?>? fixedCount = null)
    {
        AllocationRules.Check(problem);
        (_problem, _believe) = (problem, believe);
        _units = new CostUnits([.. problem.Tasks.Select(task => task.Cost)], problem.Budget);
        var each = Cost(problem.Tasks.Count, _ => 1);
        AllocationRules.CheckFeasible(problem, _units, Cost(problem.Tasks.Count, i => Least(problem.Tasks[i])));
        var uniform = each == 0 ? 0 : (int)Int128.Clamp(_units.Budget / each, problem.Min, problem.Max);
        _items = new KnapsackItem[problem.Tasks.Count];
        Chunked.For(_items.Length, (first, end) =>
        {
            for (var i = first; i < end; i++)
                _items[i] = Item(problem.Tasks[i], fixedCount?.Invoke(problem.Tasks[i], uniform));
        });
    }

    public KnapsackSolution Solve() => KnapsackSolver.Solve(_items, Id, _units);

    /// <summary>The minimum of every task, and nothing else bought.</summary>
    public KnapsackSolution Least() =>
        new(Array.ConvertAll(_items, item => item.Min), 0, _units.Budget - Cost(_items.Length, i => _items[i].Min), 0);

    /// <summary>Counts as wanted, task by task in their order, within bounds and while the budget pays.</summary>
    public KnapsackSolution Buy(Func<int, int> wanted)
    {
        var left = (Int128)_units.Budget;
        var counts = new int[_items.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            var affordable = (int)Int128.Min(left / _units.Of(i), _items[i].Max);
            counts[i] = Math.Clamp(wanted(i), 0, affordable);
            left -= (Int128)_units.Of(i) * counts[i];
        }

        return new KnapsackSolution(counts, 0, left, 0);
    }

    /// <summary>Every rollout worth more than <paramref name="price"/> per cost.</summary>
    public KnapsackSolution BuyAt(double price) => Buy(i => _items[i].CountAbove(price));

    /// <summary>Spends what is left evenly on tasks for which it makes no difference, up to their largest count.</summary>
    public KnapsackSolution SpendRest(KnapsackSolution solution, Func<TaskEvidence, bool> eligible)
    {
        if (solution.Remainder == 0)
            return solution;
        var counts = solution.Counts.AsSpan().ToArray();
        var tasks = Enumerable.Range(0, counts.Length).Where(i => eligible(_problem.Tasks[i]));
        var left = new LevelFill(_items, _units.Of, Id, counts).Spend(tasks, Array.ConvertAll(_items, item => item.Most), solution.Remainder);
        return solution with { Counts = counts, Remainder = left };
    }

    /// <summary>The allocation with its forecasts, certified to be within <see cref="KnapsackSolution.Slack"/> of the best.</summary>
    public Allocation Certify(KnapsackSolution solution)
    {
        var (forecasts, objective) = Forecast(solution.Counts);
        return Allocation(solution, forecasts, objective, objective + solution.Slack);
    }

    /// <summary>The allocation with its forecasts, measured against the best that <paramref name="best"/> allows.</summary>
    public Allocation CertifyAgainst(KnapsackSolution best, KnapsackSolution solution)
    {
        var (forecasts, objective) = Forecast(solution.Counts);
        return Allocation(solution, forecasts, objective, Math.Max(objective, Forecast(best.Counts).Objective + best.Slack));
    }

    private Allocation Allocation(KnapsackSolution solution, TaskForecast[] forecasts, double objective, double bound)
    {
        var spent = _units.ToCost(_units.Budget - solution.Remainder);
        var gap = bound > 0 ? (bound - objective) / bound : 0;
        return new Allocation(solution.Counts, forecasts, new PlanCertificate(_problem.Budget, spent, objective, bound, gap));
    }

    private (TaskForecast[] Forecasts, double Objective) Forecast(int[] counts)
    {
        var forecasts = new TaskForecast[counts.Length];
        var sum = new ExactSum();
        var gate = new Lock();
        Chunked.For(counts.Length, (first, end) =>
        {
            var part = new ExactSum();
            for (var i = first; i < end; i++)
            {
                var belief = _believe(_problem.Tasks[i]);
                forecasts[i] = new TaskForecast(belief.Value.Total(counts[i]), belief.SuccessRate, belief.Mixed(counts[i]));
                part.Add(forecasts[i].Value);
            }

            lock (gate)
                sum.Add(part);
        });
        return (forecasts, sum.Value);
    }

    private KnapsackItem Item(TaskEvidence task, int? fixedCount)
    {
        var (least, most) = (Least(task), Math.Max(Least(task), _problem.Max - task.Rolled));
        if (fixedCount is { } count) least = most = Math.Clamp(count - task.Rolled, least, most);
        return new KnapsackItem(_believe(task).Value, task.Cost, least, most, _problem.Opening);
    }

    /// <summary>Fewest further rollouts.</summary>
    private int Least(TaskEvidence task) => Math.Max(0, _problem.Min - task.Rolled);

    private Int128 Cost(int tasks, Func<int, int> count)
    {
        Int128 sum = 0;
        for (var i = 0; i < tasks; i++)
            sum += (Int128)_units.Of(i) * count(i);
        return sum;
    }

    private TaskId Id(int task) => _problem.Tasks[task].Task;
}
