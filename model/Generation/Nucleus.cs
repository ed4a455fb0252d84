namespace KnapsackCloud.Model.Generation;

/// <summary>The tokens that top-k and top-p leave. One thread at a time.</summary>
internal sealed class Nucleus(int vocabulary)
{
    private readonly List<Candidate> _kept = [];

    /// <summary>Keeps the topK heaviest (0: all), of those the fewest that hold topP of their mass, and returns the mass kept.</summary>
    /// <param name="total">Sum of the weights.</param>
    public double Select(ReadOnlySpan<float> weights_V, double total, int topK, double topP)
    {
        _kept.Clear();
        if (topK > 0 && topK < vocabulary) KeepHeaviest(weights_V, topK);
        else KeepAbove(weights_V, topP < 1 ? NegligibleWeight(total, topP) : 0);
        _kept.Sort();
        var mass = Cut(topP, topK > 0 && topK < vocabulary ? Mass() : total);
        _kept.Sort((a, b) => a.Id.CompareTo(b.Id));
        return mass;
    }

    /// <summary>The kept token at which the cumulative mass, in the order of ids, passes the target.</summary>
    public int Pick(double target)
    {
        foreach (var candidate in _kept)
        {
            target -= candidate.Weight;
            if (target < 0) return candidate.Id;
        }

        return _kept[^1].Id;
    }

    /// <summary>
    /// All tokens of at most this weight together hold less than 1 - topP, so none of them is in the nucleus, and only
    /// the others need sorting. Halved against rounding.
    /// </summary>
    private double NegligibleWeight(double total, double topP) => 0.5 * (1 - topP) * total / vocabulary;

    private void KeepAbove(ReadOnlySpan<float> weights_V, double weight)
    {
        for (var id = 0; id < weights_V.Length; id++)
        {
            if (weights_V[id] > weight) _kept.Add(new(weights_V[id], id));
        }
    }

    /// <summary>One pass: candidates pile up to twice the wanted number, then the lighter half goes and the bar rises.</summary>
    private void KeepHeaviest(ReadOnlySpan<float> weights_V, int count)
    {
        var bar = 0f;
        for (var id = 0; id < weights_V.Length; id++)
        {
            if (weights_V[id] <= bar) continue;
            _kept.Add(new(weights_V[id], id));
            if (_kept.Count < 2 * count) continue;
            Shorten();
            bar = _kept[^1].Weight;
        }

        if (_kept.Count > count) Shorten();

        void Shorten()
        {
            _kept.Sort();
            _kept.RemoveRange(count, _kept.Count - count);
        }
    }

    private double Mass()
    {
        double mass = 0;
        foreach (var candidate in _kept) mass += candidate.Weight;
        return mass;
    }

    private double Cut(double topP, double total)
    {
        double mass = 0;
        var count = 0;
        while (count < _kept.Count && (count == 0 || mass < topP * total)) mass += _kept[count++].Weight;
        _kept.RemoveRange(count, _kept.Count - count);
        return mass;
    }

    /// <summary>Heavier first, then the smaller id.</summary>
    private readonly record struct Candidate(float Weight, int Id) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other) => Weight != other.Weight ? other.Weight.CompareTo(Weight) : Id.CompareTo(other.Id);
    }
}
