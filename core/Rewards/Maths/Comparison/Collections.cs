using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Several answers at once: lists and sets in any order, tuples and matrices entry by entry.</summary>
internal sealed class Collections(Func<Expression, Expression, bool> areEqual)
{
    private const int MaxItems = 64;

    /// <summary>At least one side is a list or a set.</summary>
    public bool AreEqual(Expression gold, Expression answer)
    {
        // "1, 2" says (1, 2), in this order.
        if (gold is Bracketed goldTuple && answer is ListOf)
            return Ordered(goldTuple.Items, Plain(Members(answer)));
        if (answer is Bracketed tuple && gold is ListOf)
            return Ordered(Plain(Members(gold)), tuple.Items);
        var (golds, answers) = (Members(gold), Members(answer));
        if (golds.Count > MaxItems || answers.Count > MaxItems)
            return false;
        if (Assignments.Read(golds) is { } named && Assignments.Read(answers) is { } others && SameNames(named, others) is { } pairs)
            return pairs.All(pair => areEqual(pair.Gold, pair.Answer));
        var (goldValues, answerValues) = (Plain(golds), Plain(answers));
        if (gold is SetOf || answer is SetOf || goldValues.Count != answerValues.Count)
            return Covers(goldValues, answerValues) && Covers(answerValues, goldValues) && goldValues.Count > 0;
        return Match(goldValues, answerValues);
    }

    /// <summary>Tuples, intervals, vectors and matrices.</summary>
    public bool AreOrderedEqual(Expression gold, Expression answer)
    {
        if (gold is Bracketed a && answer is Bracketed b)
            return a.Open == b.Open && a.Close == b.Close && Ordered(a.Items, b.Items);
        if (MatrixArithmetic.Concerns(gold) && MatrixArithmetic.Concerns(answer) && !(gold is Bracketed || answer is Bracketed))
        {
            return MatrixArithmetic.Evaluate(gold) is { } left && MatrixArithmetic.Evaluate(answer) is { } right
                && left.Rows.Count == right.Rows.Count && left.Rows.Zip(right.Rows).All(pair => Ordered(pair.First, pair.Second));
        }
        var (tuple, other) = gold is Bracketed first ? (first, answer) : ((answer as Bracketed), gold);
        return tuple is not null && MatrixArithmetic.Evaluate(other) is { } matrix && Entries(matrix) is { } entries && Ordered(tuple.Items, entries);
    }

    // Entries of a row or a column.
    private static IReadOnlyList<Expression>? Entries(Matrix matrix) =>
        matrix.Rows.Count == 1 ? matrix.Rows[0] : matrix.Rows[0].Count == 1 ? [.. matrix.Rows.Select(row => row[0])] : null;

    private bool Ordered(IReadOnlyList<Expression> golds, IReadOnlyList<Expression> answers) =>
        golds.Count == answers.Count && golds.Zip(answers).All(pair => areEqual(pair.First, pair.Second));

    private static List<Expression> Members(Expression expression) => expression switch
    {
        ListOf list => [.. list.Items.SelectMany(Members)],
        SetOf set => [.. set.Items.SelectMany(Members)],
        Relation { Kinds: [RelationKind.Equal], Sides: [var label, ListOf or SetOf] } named when Labels.IsLabel(label) => Members(named.Sides[1]),
        _ => [.. SignChoices.Of(expression)],
    };

    // "p = 5, q = 2; p = 7, q = 2" is two pairs, "x = 1, 2" is two values.
    private static List<Expression> Plain(List<Expression> members)
    {
        if (Assignments.Read(members) is { Count: > 1 } assignments)
            return Assignments.Rounds(assignments) is { } rounds ? [.. rounds] : [.. assignments.Select(assignment => assignment.Value)];
        return [.. members.Select(member => Labels.Read(member) is { Label: { } label } claim && Labels.IsLabel(label) ? claim.Value : member)];
    }

    private static IEnumerable<(Expression Gold, Expression Answer)>? SameNames(
        IReadOnlyList<(string Label, Expression Value)> golds, IReadOnlyList<(string Label, Expression Value)> answers)
    {
        if (golds.Count != answers.Count || golds.DistinctBy(gold => gold.Label).Count() != golds.Count)
            return null;
        var byName = answers.ToLookup(answer => answer.Label, answer => answer.Value, StringComparer.Ordinal);
        return golds.All(gold => byName[gold.Label].Count() == 1)
            ? golds.Select(gold => (gold.Value, byName[gold.Label].Single()))
            : null;
    }

    private bool Covers(List<Expression> items, List<Expression> others) => items.TrueForAll(item => others.Exists(other => areEqual(item, other)));

    private bool Match(List<Expression> golds, List<Expression> answers)
    {
        var left = new List<Expression>(answers);
        foreach (var gold in golds)
        {
            var at = left.FindIndex(answer => areEqual(gold, answer));
            if (at < 0)
                return false;
            left.RemoveAt(at);
        }
        return left.Count == 0;
    }
}
