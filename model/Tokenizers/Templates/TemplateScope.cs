namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>What a template may use while it is rendered: it comes from outside and may never end or never stop growing.</summary>
internal sealed class RenderBudget
{
    private const int MostSteps = 2_000_000;
    public const int MostCharacters = 1 << 24;

    private int _steps;

    public void Step(int line)
    {
        if (++_steps > MostSteps) throw new TemplateException(line, $"the template goes on beyond {MostSteps} steps");
    }

    public static string Checked(string text, int line) =>
        text.Length <= MostCharacters ? text : throw new TemplateException(line, $"the template makes a text of more than {MostCharacters} characters");
}

/// <summary>Names and their values. Every round of a loop has a scope of its own, as in Jinja: what it sets is gone after it.</summary>
internal sealed class TemplateScope
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);
    private readonly TemplateScope? _outer;

    public TemplateScope(RenderBudget budget) => Budget = budget;

    public TemplateScope(TemplateScope outer) => (_outer, Budget) = (outer, outer.Budget);

    public RenderBudget Budget { get; }

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope._outer)
            {
                if (scope._values.TryGetValue(name, out var value)) return value;
            }

            return Undefined.Value;
        }
        set => _values[name] = value;
    }
}

/// <summary>The value of a name that nothing set: false, empty, written as nothing, and an error for anything else.</summary>
internal sealed class Undefined
{
    private Undefined() { }

    public static Undefined Value { get; } = new();
}

/// <summary>A value with members that statements in inner scopes may set.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}

/// <summary>A function that a template may call.</summary>
internal delegate object? TemplateFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line);
