using System.Collections.Frozen;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Names that mathematicians and LaTeX give to things, each with the one spelling used here.</summary>
internal static class Vocabulary
{
    /// <summary>Letters of the longest command there is.</summary>
    public const int LongestCommand = 16;

    /// <summary>Functions, in LaTeX (<c>\sin</c>) or plain (<c>sin</c>).</summary>
    public static readonly FrozenDictionary<string, string> Functions = new Dictionary<string, string>
    {
        ["sin"] = "sin",
        ["cos"] = "cos",
        ["tan"] = "tan",
        ["cot"] = "cot",
        ["sec"] = "sec",
        ["csc"] = "csc",
        ["cosec"] = "csc",
        ["tg"] = "tan",
        ["ctg"] = "cot",
        ["arctg"] = "arctan",
        ["arcsin"] = "arcsin",
        ["arccos"] = "arccos",
        ["arctan"] = "arctan",
        ["asin"] = "arcsin",
        ["acos"] = "arccos",
        ["atan"] = "arctan",
        ["arccot"] = "arccot",
        ["arcsec"] = "arcsec",
        ["arccsc"] = "arccsc",
        ["sinh"] = "sinh",
        ["cosh"] = "cosh",
        ["tanh"] = "tanh",
        ["coth"] = "coth",
        ["arcsinh"] = "arsinh",
        ["arccosh"] = "arcosh",
        ["arctanh"] = "artanh",
        ["arsinh"] = "arsinh",
        ["arcosh"] = "arcosh",
        ["artanh"] = "artanh",
        ["log"] = "log",
        ["lg"] = "log",
        ["ln"] = "ln",
        ["exp"] = "exp",
        ["abs"] = "abs",
        ["floor"] = "floor",
        ["ceil"] = "ceil",
        ["gcd"] = "gcd",
        ["lcm"] = "lcm",
        ["max"] = "max",
        ["min"] = "min",
        ["det"] = "det",
        ["sgn"] = "sgn",
        ["Re"] = "Re",
        ["Im"] = "Im",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Commands whose arguments the parser reads itself.</summary>
    public static readonly FrozenDictionary<string, string> Commands = new Dictionary<string, string>
    {
        ["frac"] = "frac",
        ["dfrac"] = "frac",
        ["tfrac"] = "frac",
        ["cfrac"] = "frac",
        ["binom"] = "binom",
        ["dbinom"] = "binom",
        ["tbinom"] = "binom",
        ["sqrt"] = "sqrt",
        ["overline"] = "overline",
        ["bar"] = "overline",
        ["vec"] = "vec",
        ["hat"] = "hat",
        ["widehat"] = "hat",
        ["tilde"] = "tilde",
        ["overrightarrow"] = "vec",
        ["sum"] = "sum",
        ["prod"] = "prod",
        ["int"] = "int",
        ["lim"] = "lim",
        ["begin"] = "begin",
        ["end"] = "end",
        ["boxed"] = "group",
        ["fbox"] = "group",
        ["pmod"] = "pmod",
        ["bmod"] = "mod",
        ["mod"] = "mod",
        ["underline"] = "group",
        ["phantom"] = "phantom",
        ["lfloor"] = "lfloor",
        ["rfloor"] = "rfloor",
        ["lceil"] = "lceil",
        ["rceil"] = "rceil",
        ["angle"] = "angle",
        ["choose"] = "choose",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Commands that only say how letters look; their argument is text or a name.</summary>
    public static readonly FrozenSet<string> TextCommands = new[]
    {
        "text", "textbf", "textit", "textrm", "textsf", "texttt", "textnormal", "mbox", "hbox", "mathrm", "mathbf", "mathit", "mathsf", "mathtt",
        "mathcal", "mathscr", "mathfrak", "mathbb", "boldsymbol", "bm", "operatorname", "emph", "unit", "rm",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Commands that mean nothing here: sizes and spaces.</summary>
    public static readonly FrozenSet<string> Ignored = new[]
    {
        "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle", "quad", "qquad", "displaystyle",
        "textstyle", "limits", "nolimits", "thinspace", "hspace", "vspace", "hfill", "nonumber", "mathstrut", "space", "enspace", "allowbreak", "square", "blacksquare",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Marks by their LaTeX name.</summary>
    public static readonly FrozenDictionary<string, string> Marks = new Dictionary<string, string>
    {
        ["cdot"] = "*",
        ["times"] = "*",
        ["ast"] = "*",
        ["div"] = "/",
        ["pm"] = "±",
        ["mp"] = "∓",
        ["le"] = "<=",
        ["leq"] = "<=",
        ["leqslant"] = "<=",
        ["leqq"] = "<=",
        ["ge"] = ">=",
        ["geq"] = ">=",
        ["geqslant"] = ">=",
        ["geqq"] = ">=",
        ["lt"] = "<",
        ["gt"] = ">",
        ["ne"] = "!=",
        ["neq"] = "!=",
        ["approx"] = "≈",
        ["simeq"] = "≈",
        ["thickapprox"] = "≈",
        ["doteq"] = "≈",
        ["sim"] = "≈",
        ["cong"] = "≈",
        ["equiv"] = "≡",
        ["cup"] = "∪",
        ["bigcup"] = "∪",
        ["cap"] = "∩",
        ["bigcap"] = "∩",
        ["in"] = "∈",
        ["setminus"] = "∖",
        ["backslash"] = "∖",
        ["lbrace"] = "\\{",
        ["rbrace"] = "\\}",
        ["lbrack"] = "[",
        ["rbrack"] = "]",
        ["langle"] = "(",
        ["rangle"] = ")",
        ["lvert"] = "|",
        ["rvert"] = "|",
        ["vert"] = "|",
        ["lVert"] = "|",
        ["rVert"] = "|",
        ["Vert"] = "|",
        ["mid"] = "mid",
        ["colon"] = ":",
        ["prime"] = "'",
        ["circ"] = "deg",
        ["degree"] = "deg",
        ["to"] = "→",
        ["rightarrow"] = "→",
        ["Rightarrow"] = "→",
        ["implies"] = "→",
        ["land"] = ",",
        ["wedge"] = ",",
        ["lor"] = ",",
        ["vee"] = ",",
        ["lparen"] = "(",
        ["rparen"] = ")",
        ["cdots"] = "…",
        ["ldots"] = "…",
        ["dots"] = "…",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Letters and constants by their LaTeX name, where that is not simply the Greek letter's own.</summary>
    public static readonly FrozenDictionary<string, string> Symbols = new Dictionary<string, string>
    {
        ["infty"] = "∞",
        ["emptyset"] = "∅",
        ["varnothing"] = "∅",
        ["pi"] = "π",
        ["ell"] = "ℓ",
        ["imath"] = "i",
        ["triangle"] = "△",
        ["partial"] = "∂",
        ["varepsilon"] = "epsilon",
        ["vartheta"] = "theta",
        ["varphi"] = "phi",
        ["varrho"] = "rho",
        ["varsigma"] = "sigma",
        ["star"] = "★",
        ["bullet"] = "•",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly string[] s_greek =
    [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho",
        "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];

    private static readonly FrozenSet<string> s_greekNames = s_greek.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Plain words that are symbols or functions of one argument: <c>pi</c>, <c>infinity</c>.</summary>
    public static readonly FrozenDictionary<string, string> PlainSymbols = new Dictionary<string, string>
    {
        ["pi"] = "π",
        ["Pi"] = "π",
        ["infinity"] = "∞",
        ["Infinity"] = "∞",
        ["inf"] = "∞",
        ["infty"] = "∞",
        ["oo"] = "∞",
        ["theta"] = "theta",
        ["alpha"] = "alpha",
        ["beta"] = "beta",
        ["lambda"] = "lambda",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Words of prose that no answer in symbols contains.</summary>
    public static readonly FrozenSet<string> Prose = new[]
    {
        "is", "are", "the", "of", "to", "for", "was", "has", "not", "so", "we", "if", "it", "by", "as", "on", "be", "an", "at", "all", "that", "this", "with", "then", "where", "when", "from", "each", "let", "given", "between",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Name of a Greek letter command or null.</summary>
    public static string? Greek(string command)
    {
        if (s_greekNames.Contains(command))
            return command;
        var lower = char.ToLowerInvariant(command[0]) + command[1..];
        return char.IsAsciiLetterUpper(command[0]) && s_greekNames.Contains(lower) ? command : null;
    }

    /// <summary>Name of a Greek letter of the Unicode block, or null.</summary>
    public static string? Greek(char letter) => letter switch
    {
        'π' => "π",
        >= 'α' and <= 'ω' => s_greek[letter - 'α'],
        >= 'Α' and <= 'Ω' => char.ToUpperInvariant(s_greek[letter - 'Α'][0]) + s_greek[letter - 'Α'][1..],
        _ => null,
    };

    public static bool IsKnownCommand(string name) => Functions.ContainsKey(name) || Commands.ContainsKey(name)
        || TextCommands.Contains(name) || Ignored.Contains(name) || Marks.ContainsKey(name) || Symbols.ContainsKey(name) || Greek(name) is not null;
}
