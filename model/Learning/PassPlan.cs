namespace KnapsackCloud.Model.Learning;

/// <summary>The passes of each shard of a minibatch, and whether their layers are made again on the way back. Pure: same input, same plan.</summary>
internal sealed record PassPlan(bool Recompute, IReadOnlyList<IReadOnlyList<IReadOnlyList<PackedGroup>>> OfShard)
{
    /// <summary>Layers are made again where a single row would exceed the budget by so many times.</summary>
    private const int MostOverBudget = 2;
    /// <summary>Ways through the model that a token costs: there and back, which is two, and there once more.</summary>
    private const int WaysKept = 3, WaysRecomputed = 4;

    /// <summary>Unless it is said, layers are made again where a row would not fit otherwise, and where groups would be cut so often that computing their prompts anew costs more.</summary>
    /// <param name="kept">The budget of passes that keep all activations.</param>
    /// <param name="recomputed">That of passes whose layers are made again.</param>
    public static PassPlan Of(IReadOnlyList<IReadOnlyList<PackedGroup>> shards, MicrobatchBudget kept, MicrobatchBudget recomputed, bool? recompute)
    {
        if (recompute is { } wanted) return wanted ? Again() : Plain();
        if (shards.Any(shard => kept.LeastBytes(shard) > MostOverBudget * kept.Bytes)) return Again();
        var plain = Plain();
        // Mostly nothing is cut, and no other plan has fewer tokens than one without a cut.
        if (WaysRecomputed * shards.Sum(TokensOf) >= WaysKept * plain.Tokens) return plain;
        var again = Again();
        return WaysRecomputed * again.Tokens < WaysKept * plain.Tokens ? again : plain;

        PassPlan Plain() => new(false, Within(kept));
        PassPlan Again() => new(true, Within(recomputed));
        IReadOnlyList<IReadOnlyList<IReadOnlyList<PackedGroup>>> Within(MicrobatchBudget budget) => [.. shards.Select(shard => PackingPlan.Microbatches(shard, budget))];
    }

    /// <summary>Tokens that all passes compute: a prompt once in each pass that has a row of it.</summary>
    public long Tokens => OfShard.Sum(passes => passes.Sum(TokensOf));

    private static long TokensOf(IReadOnlyList<PackedGroup> pass) => pass.Sum(group => group.PromptIds.Length + group.Rows.Sum(row => (long)row.Inputs));
}
