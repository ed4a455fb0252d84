namespace KnapsackCloud.Model.Transformer;

/// <summary>How rotary frequencies are changed so that a model reads further than it was first trained for. A closed set.</summary>
public abstract record RopeScaling
{
    private RopeScaling() { }

    /// <summary>By how much the reach grows, 1 or more.</summary>
    public required double Factor { get; init; }

    /// <summary>Positions of the first training.</summary>
    public required int OriginalPositions { get; init; }

    /// <summary>Factor on cosines and sines.</summary>
    public virtual double Magnitude => 1;

    /// <summary>The scaled frequency of pair <paramref name="pair"/> of a head, in radians per position.</summary>
    public abstract double Frequency(double frequency, int pair, ModelConfig config);

    private double Divided(double frequency, double kept) => frequency / Factor * (1 - kept) + frequency * kept;

    /// <summary>
    /// Llama 3.1: wavelengths below original / high are kept, those above original / low are stretched by the factor, those
    /// between are blended.
    /// </summary>
    public sealed record Llama3 : RopeScaling
    {
        public required double LowFrequencyFactor { get; init; }
        public required double HighFrequencyFactor { get; init; }

        public override double Frequency(double frequency, int pair, ModelConfig config)
        {
            var turns = OriginalPositions * frequency / (2 * Math.PI);
            return Divided(frequency, Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1));
        }
    }

    /// <summary>
    /// YaRN (arXiv 2309.00071): pairs that turn more than fast times over the original positions are kept, those that turn
    /// less than slow times are stretched, with a ramp over the pairs between; scores get sharper by the magnitude.
    /// </summary>
    public sealed record Yarn : RopeScaling
    {
        public double BetaFast { get; init; } = 32;
        public double BetaSlow { get; init; } = 1;
        /// <summary>Null: 0.1 ln(factor) + 1.</summary>
        public double? AttentionFactor { get; init; }

        public override double Magnitude => AttentionFactor ?? 0.1 * Math.Log(Factor) + 1;

        public override double Frequency(double frequency, int pair, ModelConfig config)
        {
            var low = Math.Max(Math.Floor(PairThatTurns(BetaFast, config)), 0);
            var high = Math.Min(Math.Ceiling(PairThatTurns(BetaSlow, config)), config.HeadDim - 1);
            // As the reference: no division by zero where both ends meet.
            var width = high == low ? 0.001 : high - low;
            return Divided(frequency, 1 - Math.Clamp((pair - low) / width, 0, 1));
        }

        /// <summary>The (fractional) pair that turns so many times over the original positions.</summary>
        private double PairThatTurns(double turns, ModelConfig config) =>
            config.HeadDim * Math.Log(OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
    }
}
