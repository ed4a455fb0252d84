namespace KnapsackCloud.Core.Plan;

/// <summary>
/// The critical price: rollouts worth more than it per cost fit the budget together, those worth at least it do not. It
/// is found to the last bit by bisection over the bit patterns of doubles, which for positive numbers are in their order.
/// Only tasks whose counts differ at the two ends stay in play, so all but the first passes are short, and a sample of
/// the tasks says where to begin. The result depends neither on that sample nor on the order of the tasks.
/// </summary>
internal sealed class PriceSearch
{
    private const int SampleFrom = 1_024;
    private const long Octave = 1L << 52;

    private readonly KnapsackItem[] _items;
    private readonly Func<int, long> _cost;
    private readonly Int128 _budget;
    private int[] _active = [];
    private int[] _middle = [];
    private Int128 _settled;
    private long _lowBits, _highBits;
    private Int128 _costAtLow, _costAtHigh;

    /// <param name="cost">Of one rollout of a task, in whole units.</param>
    /// <param name="budget">In the same units, at least the cost of every task's minimum.</param>
    public PriceSearch(KnapsackItem[] items, Func<int, long> cost, Int128 budget)
    {
        (_items, _cost, _budget) = (items, cost, budget);
        (AtHigh, AtLow) = (new int[items.Length], new int[items.Length]);
        Bracket();
        Narrow();
        for (var round = 0; _highBits - _lowBits > 1; round++)
        {
            var middle = Between(round);
            var total = CostOfActive(middle);
            if (total <= _budget)
                (_highBits, _costAtHigh) = (middle, MoveActive(AtHigh, total));
            else
                (_lowBits, _costAtLow) = (middle, MoveActive(AtLow, total));
            Narrow();
        }
    }

    /// <summary>The critical price; 0 when everything of any worth fits.</summary>
    public double Price => BitConverter.Int64BitsToDouble(_highBits);

    /// <summary>Counts of what is worth more than the price: they fit the budget.</summary>
    public int[] AtHigh { get; private set; }

    /// <summary>Counts of what is worth the price or more; what lies between is tied.</summary>
    public int[] AtLow { get; private set; }

    /// <summary>Tasks whose two counts differ, in the order of the items.</summary>
    public ReadOnlySpan<int> Tied => _active;

    /// <summary>Sets two ends with the budget between them. A bad first guess costs passes, never the result.</summary>
    private void Bracket()
    {
        (_lowBits, _highBits) = _items.Length < SampleFrom ? WidestGuess() : SampledGuess();
        while ((_costAtHigh = Count(_highBits, AtHigh)) > _budget)
            _highBits += Octave;
        for (var step = Octave; (_costAtLow = Count(_lowBits, AtLow)) <= _budget; step *= 2)
        {
            (_highBits, _costAtHigh, AtHigh, AtLow) = (_lowBits, _costAtLow, AtLow, AtHigh);
            if (_lowBits == 0)
            {
                AtHigh.CopyTo(AtLow, 0);
                return;
            }

            _lowBits = Math.Max(0, _lowBits - step);
        }
    }

    private (long Low, long High) WidestGuess()
    {
        double highest = 0;
        foreach (ref readonly var item in _items.AsSpan())
        {
            var first = item.Opening > 0 ? item.Curve.Total(item.Opening) / item.Opening : item.Curve.Marginal(item.Min);
            highest = Math.Max(highest, first / item.Cost);
        }

        var bits = BitConverter.DoubleToInt64Bits(highest);
        return (Math.Max(0, bits - Octave), bits);
    }

    /// <summary>The critical prices of a sample at a little more and a little less than its share of the budget.</summary>
    private (long Low, long High) SampledGuess()
    {
        var stride = Math.Max(8, _items.Length / 4_096);
        var sample = new KnapsackItem[_items.Length / stride];
        for (var i = 0; i < sample.Length; i++)
            sample[i] = _items[i * stride];
        var all = Least(_items, _cost);
        var least = Least(sample, i => _cost(i * stride));
        var share = (double)(_budget - all) / _items.Length * sample.Length;
        // The total count of a sample is off by about half its root: twice that is rarely missed, and a miss only costs a pass.
        var spread = 1 / Math.Sqrt(sample.Length);
        return (At(1 + spread), At(1 - spread));

        long At(double part) =>
            new PriceSearch(sample, i => _cost(i * stride), least + (Int128)(share * part))._highBits;
    }

    private static Int128 Least(KnapsackItem[] items, Func<int, long> cost) => Chunked.Sum(items.Length, (first, end) =>
    {
        Int128 sum = 0;
        for (var i = first; i < end; i++)
            sum += (Int128)cost(i) * items[i].Min;
        return sum;
    });

    /// <summary>
    /// Where to cut next: cost falls almost evenly with the price, so just beside the interpolated place, on either side by
    /// turns; every third cut and the last few tasks are halved, which bounds the rounds.
    /// </summary>
    private long Between(int round)
    {
        var part = 0.5;
        if (_active.Length > 64 && round % 3 != 2)
        {
            var place = (double)(_costAtLow - _budget) / (double)(_costAtLow - _costAtHigh);
            part = Math.Clamp(place + (round % 3 == 0 ? 0.02 : -0.02), 0.01, 0.99);
        }

        return Math.Clamp(_lowBits + (long)((_highBits - _lowBits) * part), _lowBits + 1, _highBits - 1);
    }

    private Int128 Count(long bits, int[] counts)
    {
        var price = BitConverter.Int64BitsToDouble(bits);
        return Chunked.Sum(_items.Length, (first, end) =>
        {
            Int128 sum = 0;
            for (var i = first; i < end; i++)
            {
                counts[i] = _items[i].CountAbove(price);
                sum += (Int128)_cost(i) * counts[i];
            }

            return sum;
        });
    }

    private Int128 CostOfActive(long bits)
    {
        var price = BitConverter.Int64BitsToDouble(bits);
        return _settled + Chunked.Sum(_active.Length, (first, end) =>
        {
            Int128 sum = 0;
            for (var k = first; k < end; k++)
            {
                var task = _active[k];
                _middle[k] = _items[task].CountAbove(price);
                sum += (Int128)_cost(task) * _middle[k];
            }

            return sum;
        });
    }

    private Int128 MoveActive(int[] counts, Int128 cost)
    {
        for (var k = 0; k < _active.Length; k++)
            counts[_active[k]] = _middle[k];
        return cost;
    }

    /// <summary>Takes the tasks whose counts agree at both ends out of play.</summary>
    private void Narrow()
    {
        var before = _middle.Length == 0 ? _items.Length : _active.Length;
        var kept = new List<int>();
        for (var k = 0; k < before; k++)
        {
            var task = _middle.Length == 0 ? k : _active[k];
            if (AtHigh[task] != AtLow[task])
                kept.Add(task);
            else
                _settled += (Int128)_cost(task) * AtHigh[task];
        }

        _active = [.. kept];
        _middle = new int[Math.Max(1, _active.Length)];
    }
}
