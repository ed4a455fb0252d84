namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Mathematical characters outside ASCII, as the LaTeX that means the same.</summary>
internal static class Unicode
{
    /// <summary>LaTeX for one character, or null when it has no mathematical meaning.</summary>
    public static string? Latex(char character) => character switch
    {
        '×' or '·' or '⋅' or '∗' or '✕' or '∙' => "*",
        '÷' or '∕' or '⁄' => "/",
        '−' or '–' or '—' or '‒' or '﹣' => "-",
        '≤' or '⩽' or '≦' => "<=",
        '≥' or '⩾' or '≧' => ">=",
        '≠' => "!=",
        '≈' or '≃' or '∼' or '≅' => "≈",
        '≡' => "≡",
        '±' => "±",
        '∓' => "∓",
        '∪' => "∪",
        '∩' => "∩",
        '∈' => "∈",
        '∖' => "∖",
        '°' or '˚' or 'º' => "deg",
        '〈' or '⟨' => "(",
        '〉' or '⟩' => ")",
        '、' or '،' => ",",
        '∶' => ":",
        '٪' => "%",
        '′' or '’' => "'",
        '→' or '⇒' => "→",
        '…' or '⋯' => "…",
        '∣' => "|",
        _ => null,
    };

    /// <summary>The digit or sign that a superscript character raises, or null.</summary>
    public static char? Superscript(char character) => character switch
    {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        >= '⁴' and <= '⁹' => (char)('4' + (character - '⁴')),
        '⁻' => '-',
        'ⁿ' => 'n',
        _ => null,
    };

    /// <summary>The digit that a subscript character lowers, or null.</summary>
    public static char? Subscript(char character) => character is >= '₀' and <= '₉' ? (char)('0' + (character - '₀')) : null;

    /// <summary>Numerator and denominator of a character such as ½, or null.</summary>
    public static (int Numerator, int Denominator)? VulgarFraction(char character) => character switch
    {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        _ => null,
    };

    /// <summary>Digits of other scripts and full-width forms as ASCII; any other character as it is.</summary>
    public static char ToAscii(char character) => character switch
    {
        <= '~' => character,
        >= '\uFF01' and <= '\uFF5E' => (char)(character - 0xFEE0),
        _ when char.IsDigit(character) => (char)('0' + (int)char.GetNumericValue(character)),
        _ => character,
    };
}
