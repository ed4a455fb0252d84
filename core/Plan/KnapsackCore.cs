using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Improves a threshold solution whose last rollout did not fit, by exact search over the few tasks nearest to the price
/// (the core of Balas and Zemel, with the dominance and bounds of Pisinger's multiple-choice knapsack). Measured at the
/// price, every count of a task other than the threshold's has a loss, unspent budget has the price, and a choice falls
/// short of the bound by the sum of both; so a task whose least loss exceeds the best shortfall found cannot take part,
/// and when no other is left the choice is proven optimal.
/// </summary>
internal sealed class KnapsackCore
{
    private const int MostTasks = 48;
    private const int MostStates = 8_192;
    /// <summary>Share of the budget's worth at the price below which a shortfall of many tasks is not worth a search; few are solved to the proof.</summary>
    private const double GoodEnough = 1e-7;
    private const int FewTasks = 64;

    private readonly KnapsackItem[] _items;
    private readonly Func<int, TaskId> _id;
    private readonly CostUnits _units;
    private readonly KnapsackSolution _start;
    private readonly double _unitPrice;
    private readonly List<(int Task, State[] States)> _stages = [];
    private (int Stage, int State) _best = (-1, 0);
    private double _shortfall;
    /// <summary>No choice that was left out falls short by less than this.</summary>
    private double _leftOut = double.PositiveInfinity;

    private KnapsackCore(KnapsackItem[] items, Func<int, TaskId> id, CostUnits units, KnapsackSolution start)
    {
        (_items, _id, _units, _start) = (items, id, units, start);
        _unitPrice = start.Price * units.ToCost(1);
        _shortfall = start.Slack;
    }

    /// <param name="start">Optimal at its price but for its unspent remainder.</param>
    public static KnapsackSolution Improve(KnapsackItem[] items, Func<int, TaskId> id, CostUnits units, KnapsackSolution start) =>
        new KnapsackCore(items, id, units, start).Search(items.Length <= FewTasks ? 0 : start.Price * units.ToCost(units.Budget) * GoodEnough);

    private KnapsackSolution Search(double goodEnough)
    {
        State[] states = [new State(0, 0, -1, 0)];
        foreach (var (loss, task) in Nearest())
        {
            if (_shortfall <= goodEnough || loss >= _shortfall)
            {
                _leftOut = Math.Min(_leftOut, loss);
                break;
            }

            states = Extend(states, task);
            _stages.Add((task, states));
            Remember(states);
        }

        return Chosen();
    }

    /// <summary>
    /// The tasks of least loss, by loss and then id, so that the order of the input does not matter. Half of them can move by
    /// one rollout and half by a whole opening, as each fills gaps that the other leaves.
    /// </summary>
    private List<(double Loss, int Task)> Nearest()
    {
        var losses = new double[_items.Length];
        Chunked.For(_items.Length, (first, end) =>
        {
            for (var i = first; i < end; i++)
                losses[i] = LeastLoss(i);
        });
        var near = Enumerable.Range(0, losses.Length).Where(i => losses[i] < _shortfall).ToLookup(IsAtOpening);
        var nearest = Least([.. near[false]], losses).Concat(Least([.. near[true]], losses)).ToList();
        nearest.Sort((left, right) => ByLoss(losses, left.Task, right.Task));
        return nearest;
    }

    private bool IsAtOpening(int task) => _items[task].Opening > 0 && _start.Counts[task] <= _items[task].Opening;

    private IEnumerable<(double Loss, int Task)> Least(int[] tasks, double[] losses)
    {
        var fitting = Selection.Prefix(tasks, MostTasks / 2, _ => 1, (left, right) => ByLoss(losses, left, right));
        foreach (var task in tasks.AsSpan(fitting))
            _leftOut = Math.Min(_leftOut, losses[task]);
        return tasks.Take(fitting).Select(task => (losses[task], task));
    }

    private int ByLoss(double[] losses, int left, int right) =>
        losses[left] != losses[right] ? losses[left].CompareTo(losses[right]) : _id(left).CompareTo(_id(right));

    private double LeastLoss(int task)
    {
        var (item, count) = (_items[task], _start.Counts[task]);
        var up = item.Next(count) <= item.Most ? Loss(item, count, item.Next(count)) : double.PositiveInfinity;
        var down = count > item.Min ? Loss(item, count, item.Previous(count)) : double.PositiveInfinity;
        return Math.Min(up, down);
    }

    /// <summary>What moving a task from its threshold count loses at the price; not negative but for rounding.</summary>
    private double Loss(in KnapsackItem item, int from, int to)
    {
        double worth = 0;
        for (var n = Math.Min(from, to); n < Math.Max(from, to); n++)
            worth += item.Curve.Marginal(n);
        var paid = _start.Price * item.Cost * Math.Abs(to - from);
        return Math.Max(0, to > from ? paid - worth : worth - paid);
    }

    private State[] Extend(State[] states, int task)
    {
        var options = Options(task);
        var next = new List<State>(states.Length * options.Count);
        for (var s = 0; s < states.Length; s++)
            foreach (var (count, cost, loss) in options)
                if (states[s].Loss + loss < _shortfall)
                    next.Add(new State(states[s].Cost + cost, states[s].Loss + loss, s, count));
        var kept = Undominated(next);
        if (kept.Count <= MostStates)
            return [.. kept];
        kept.Sort((left, right) => left.Loss != right.Loss ? left.Loss.CompareTo(right.Loss) : left.Cost.CompareTo(right.Cost));
        _leftOut = Math.Min(_leftOut, kept[MostStates].Loss);
        return [.. kept[..MostStates]];
    }

    /// <summary>Counts of a task that could be part of a better choice, with their cost and loss against the threshold's.</summary>
    private List<(int Count, long Cost, double Loss)> Options(int task)
    {
        var (item, start, cost) = (_items[task], _start.Counts[task], _units.Of(task));
        var options = new List<(int, long, double)> { (start, 0, 0) };
        for (var n = start; item.Next(n) <= item.Most && Loss(item, start, item.Next(n)) < _shortfall; n = item.Next(n))
            options.Add((item.Next(n), cost * (item.Next(n) - start), Loss(item, start, item.Next(n))));
        for (var n = start; n > item.Min && Loss(item, start, item.Previous(n)) < _shortfall; n = item.Previous(n))
            options.Add((item.Previous(n), cost * (item.Previous(n) - start), Loss(item, start, item.Previous(n))));
        return options;
    }

    /// <summary>Drops every state for which another costs no more and is worth no less.</summary>
    private List<State> Undominated(List<State> states)
    {
        states.Sort((left, right) =>
            left.Cost != right.Cost ? left.Cost.CompareTo(right.Cost) :
            left.Loss != right.Loss ? left.Loss.CompareTo(right.Loss) :
            left.Parent != right.Parent ? left.Parent.CompareTo(right.Parent) : left.Count.CompareTo(right.Count));
        var kept = new List<State>();
        var best = double.NegativeInfinity;
        foreach (var state in states)
        {
            var worth = (_unitPrice * state.Cost) - state.Loss;
            if (worth <= best)
                continue;
            best = worth;
            kept.Add(state);
        }

        return kept;
    }

    private void Remember(State[] states)
    {
        for (var s = 0; s < states.Length; s++)
        {
            var shortfall = states[s].Loss + (_unitPrice * (double)(_start.Remainder - states[s].Cost));
            if (states[s].Cost > _start.Remainder || shortfall >= _shortfall)
                continue;
            (_shortfall, _best) = (shortfall, (_stages.Count - 1, s));
        }
    }

    private KnapsackSolution Chosen()
    {
        var counts = _start.Counts.AsSpan().ToArray();
        var remainder = _start.Remainder;
        if (_best.Stage >= 0)
            remainder -= _stages[_best.Stage].States[_best.State].Cost;
        for (var (stage, s) = _best; stage >= 0; stage--)
        {
            var state = _stages[stage].States[s];
            counts[_stages[stage].Task] = state.Count;
            s = state.Parent;
        }

        return _start with { Counts = counts, Remainder = remainder, Slack = Math.Max(0, _shortfall - _leftOut) };
    }

    /// <summary>One choice of counts for the tasks so far: its cost and loss against the start, and how it came about.</summary>
    private readonly record struct State(long Cost, double Loss, int Parent, int Count);
}
