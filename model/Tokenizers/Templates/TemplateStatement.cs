using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>A part of a template that writes something or changes something.</summary>
internal abstract record TemplateStatement(int Line)
{
    public void Run(TemplateScope scope, StringBuilder output)
    {
        scope.Budget.Step(Line);
        Do(scope, output);
        if (output.Length > RenderBudget.MostCharacters) throw new TemplateException(Line, $"the template writes more than {RenderBudget.MostCharacters} characters");
    }

    protected abstract void Do(TemplateScope scope, StringBuilder output);
}

internal sealed record Literal(string Text, int Line) : TemplateStatement(Line)
{
    protected override void Do(TemplateScope scope, StringBuilder output) => output.Append(Text);
}

internal sealed record Output(TemplateExpression Value, int Line) : TemplateStatement(Line)
{
    protected override void Do(TemplateScope scope, StringBuilder output) => output.Append(TemplateValues.Text(Value.Evaluate(scope), Line));
}

/// <summary><c>set name = value</c>, or <c>set namespace.name = value</c>.</summary>
internal sealed record Assignment(string Target, string? NamespaceMember, TemplateExpression Value, int Line) : TemplateStatement(Line)
{
    protected override void Do(TemplateScope scope, StringBuilder output)
    {
        var value = Value.Evaluate(scope);
        if (NamespaceMember is null) scope[Target] = value;
        else if (scope[Target] is TemplateNamespace space) space.Members[NamespaceMember] = value;
        else throw new TemplateException(Line, $"'{Target}' is no namespace, so that its members cannot be set");
    }
}

/// <summary>The first branch whose condition holds; a null condition is <c>else</c>.</summary>
internal sealed record Branches(IReadOnlyList<(TemplateExpression? Condition, IReadOnlyList<TemplateStatement> Body)> All, int Line) : TemplateStatement(Line)
{
    protected override void Do(TemplateScope scope, StringBuilder output)
    {
        foreach (var (condition, body) in All)
        {
            if (condition is not null && !TemplateValues.IsTrue(condition.Evaluate(scope))) continue;
            foreach (var statement in body) statement.Run(scope, output);
            return;
        }
    }
}

/// <summary><c>for a, b in items if condition</c>, with <c>loop</c> inside.</summary>
internal sealed record Loop(
    IReadOnlyList<string> Targets, TemplateExpression Items, TemplateExpression? Condition, IReadOnlyList<TemplateStatement> Body, IReadOnlyList<TemplateStatement> Else, int Line)
    : TemplateStatement(Line)
{
    protected override void Do(TemplateScope scope, StringBuilder output)
    {
        var items = TemplateValues.Items(Items.Evaluate(scope), Line);
        if (Condition is not null) items = [.. items.Where(item => TemplateValues.IsTrue(Condition.Evaluate(Inner(scope, item))))];
        for (var i = 0; i < items.Count; i++)
        {
            var inner = Inner(scope, items[i]);
            inner["loop"] = About(items, i);
            foreach (var statement in Body) statement.Run(inner, output);
        }

        if (items.Count > 0) return;
        foreach (var statement in Else) statement.Run(scope, output);
    }

    private TemplateScope Inner(TemplateScope outer, object? item)
    {
        var inner = new TemplateScope(outer);
        if (Targets is [var only])
        {
            inner[only] = item;
            return inner;
        }

        if (item is not IReadOnlyList<object?> parts || parts.Count != Targets.Count)
            throw new TemplateException(Line, $"{TemplateValues.Kind(item)} cannot be taken apart into {Targets.Count}");
        foreach (var (target, part) in Targets.Zip(parts)) inner[target] = part;
        return inner;
    }

    private static Dictionary<string, object?> About(IReadOnlyList<object?> items, int i) => new(StringComparer.Ordinal)
    {
        ["index"] = i + 1L,
        ["index0"] = (long)i,
        ["revindex"] = (long)items.Count - i,
        ["revindex0"] = items.Count - i - 1L,
        ["first"] = i == 0,
        ["last"] = i == items.Count - 1,
        ["length"] = (long)items.Count,
        ["previtem"] = i > 0 ? items[i - 1] : Undefined.Value,
        ["nextitem"] = i + 1 < items.Count ? items[i + 1] : Undefined.Value,
    };
}
