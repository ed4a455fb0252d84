namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>Something in a template that has a value.</summary>
internal abstract record TemplateExpression(int Line)
{
    public object? Evaluate(TemplateScope scope)
    {
        scope.Budget.Step(Line);
        return ValueIn(scope);
    }

    protected abstract object? ValueIn(TemplateScope scope);
}

internal sealed record Constant(object? Value, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => Value;
}

internal sealed record Name(string Text, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => scope[Text];
}

internal sealed record ListOf(IReadOnlyList<TemplateExpression> Items, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => Items.Select(item => item.Evaluate(scope)).ToList();
}

internal sealed record MapOf(IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Members, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope)
    {
        var map = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in Members) map[TemplateValues.String(key.Evaluate(scope), Line)] = value.Evaluate(scope);
        return map;
    }
}

internal sealed record Conditional(TemplateExpression Condition, TemplateExpression Then, TemplateExpression? Else, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) =>
        TemplateValues.IsTrue(Condition.Evaluate(scope)) ? Then.Evaluate(scope) : Else is null ? Undefined.Value : Else.Evaluate(scope);
}

/// <summary><c>and</c>, <c>or</c>: the value of the side that decides, as in Python.</summary>
internal sealed record Either(bool And, TemplateExpression Left, TemplateExpression Right, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope)
    {
        var left = Left.Evaluate(scope);
        return TemplateValues.IsTrue(left) == And ? Right.Evaluate(scope) : left;
    }
}

internal sealed record Not(TemplateExpression Operand, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => !TemplateValues.IsTrue(Operand.Evaluate(scope));
}

internal sealed record Binary(string Operation, TemplateExpression Left, TemplateExpression Right, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => TemplateOperators.Apply(Operation, Left.Evaluate(scope), Right.Evaluate(scope), Line);
}

internal sealed record Negative(TemplateExpression Operand, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => TemplateOperators.Apply("-", 0L, Operand.Evaluate(scope), Line);
}

/// <summary><c>a.b</c> and <c>a['b']</c>, <c>a[0]</c>; what is not there is undefined.</summary>
internal sealed record Member(TemplateExpression Of, TemplateExpression Key, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope)
    {
        var (of, key) = (Of.Evaluate(scope), Key.Evaluate(scope));
        return (of, key) switch
        {
            (Undefined, _) => throw new TemplateException(Line, $"{TemplateValues.Kind(of)} has no {(key is string name ? $"'{name}'" : "items")}"),
            (IReadOnlyDictionary<string, object?> map, string name) => map.TryGetValue(name, out var value) ? value : Undefined.Value,
            (TemplateNamespace space, string name) => space.Members.GetValueOrDefault(name, Undefined.Value),
            (IReadOnlyList<object?> list, long index) => At(list, index),
            (string text, long index) => At(TemplateValues.Items(text, Line), index),
            _ => Undefined.Value,
        };
    }

    private static object? At(IReadOnlyList<object?> list, long index)
    {
        if (index < 0) index += list.Count;
        return index >= 0 && index < list.Count ? list[(int)index] : Undefined.Value;
    }
}

/// <summary><c>a[from:to:step]</c> by Python's rules.</summary>
internal sealed record Slice(TemplateExpression Of, TemplateExpression? From, TemplateExpression? To, TemplateExpression? Step, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope)
    {
        var of = Of.Evaluate(scope);
        if (of is not (string or IReadOnlyList<object?>)) throw new TemplateException(Line, $"{TemplateValues.Kind(of)} cannot be sliced");
        var items = TemplateValues.Items(of, Line);
        var step = Bound(Step) ?? 1;
        if (step is 0 or < int.MinValue or > int.MaxValue) throw new TemplateException(Line, $"a slice cannot go in steps of {step}");
        var (lowest, highest) = step > 0 ? (0L, (long)items.Count) : (-1L, items.Count - 1L);
        var (start, end) = (Place(Bound(From), step > 0 ? lowest : highest), Place(Bound(To), step > 0 ? highest : lowest));
        var taken = new List<object?>();
        for (var at = start; step > 0 ? at < end : at > end; at += step) taken.Add(items[(int)at]);
        return of is string ? string.Concat(taken) : taken;

        long Place(long? bound, long missing) =>
            bound is not { } given ? missing : Math.Clamp(given < 0 ? given + items.Count : given, lowest, highest);

        long? Bound(TemplateExpression? bound) => bound?.Evaluate(scope) is { } value ? TemplateValues.Whole(value, Line) : null;
    }
}

/// <summary>A call of a function, such as <c>raise_exception(..)</c>, or of a value's method, such as <c>text.strip()</c>.</summary>
internal sealed record Call(TemplateExpression Of, IReadOnlyList<TemplateExpression> Arguments, IReadOnlyList<(string Name, TemplateExpression Value)> Named, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope)
    {
        var arguments = Arguments.Select(argument => argument.Evaluate(scope)).ToList();
        if (Of is Member { Key: Constant { Value: string method } } member)
        {
            if (Named.Count > 0) throw new TemplateException(Line, $"{method} takes no named arguments here");
            return TemplateMethods.Call(member.Of.Evaluate(scope), method, arguments, Line);
        }

        if (Of.Evaluate(scope) is not TemplateFunction function)
            throw new TemplateException(Line, $"{(Of is Name name ? $"'{name.Text}'" : "this")} is no function that templates have here; supported: {TemplateFunctions.Supported}");
        return function(arguments, Named.ToDictionary(pair => pair.Name, pair => pair.Value.Evaluate(scope)), Line);
    }
}

internal sealed record Filter(TemplateExpression Of, string Text, IReadOnlyList<TemplateExpression> Arguments, IReadOnlyList<(string Name, TemplateExpression Value)> Named, int Line)
    : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => TemplateFilters.Apply(
        Text, Of.Evaluate(scope), [.. Arguments.Select(argument => argument.Evaluate(scope))], Named.ToDictionary(pair => pair.Name, pair => pair.Value.Evaluate(scope)), Line);
}

/// <summary><c>a is defined</c> and its like.</summary>
internal sealed record Test(TemplateExpression Of, string Text, int Line) : TemplateExpression(Line)
{
    protected override object? ValueIn(TemplateScope scope) => TemplateTests.All[Text](Of.Evaluate(scope));
}
