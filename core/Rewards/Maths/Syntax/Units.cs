using System.Collections.Frozen;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Short names of units that would otherwise read as products of letters (<c>cm</c> as c times m).</summary>
internal static class Units
{
    private static readonly FrozenSet<string> s_known = new[]
    {
        "mm", "cm", "dm", "km", "nm", "µm", "in", "ft", "yd", "mi", "mg", "kg", "lb", "lbs", "oz", "ml", "mL", "cl", "dl", "kl", "sec", "min", "hr", "hrs",
        "ms", "day", "mph", "kph", "kmh", "Hz", "kHz", "MHz", "kW", "kWh", "kJ", "kN", "Pa", "kPa", "eV", "mol", "sq", "cu", "USD", "EUR", "RMB", "Rs",
        "cents", "cent", "dollars", "dollar", "units", "unit", "pts", "pt", "pm", "am", "rad", "men", "people", "ways", "per", "ha", "gal", "ton", "tons",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_letters = new[] { "m", "g", "s", "h", "L", "l", "N", "J", "W", "V", "K", "A", "t" }.ToFrozenSet(StringComparer.Ordinal);

    public static bool IsKnown(string word) => s_known.Contains(word);

    /// <summary>One letter that is a unit as often as a variable.</summary>
    public static bool IsLetter(string symbol) => s_letters.Contains(symbol);
}
