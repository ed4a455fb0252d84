using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Computes prompts with the tensor library and fills the cache of their rollouts.</summary>
internal static class TorchPrefill
{
    /// <summary>Logits [P, V] after the last token of each prompt.</summary>
    /// <param name="prompts">P, in order of length.</param>
    /// <param name="mostTokens">Tokens, padding included, of one forward pass; at least one prompt goes in.</param>
    public static Tensor Run(DecoderModel model, IReadOnlyList<PlacedPrompt> prompts, KeyValueCache cache, int mostTokens, CancellationToken cancellation)
    {
        var logits = new List<Tensor>();
        for (var at = 0; at < prompts.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = Batch(prompts, at, mostTokens);
            logits.Add(RunBatch(model, batch, cache));
            at += batch.Count;
        }

        return logits.Count == 1 ? logits[0] : cat(logits);
    }

    private static List<PlacedPrompt> Batch(IReadOnlyList<PlacedPrompt> prompts, int first, int mostTokens)
    {
        var batch = new List<PlacedPrompt>();
        foreach (var prompt in prompts.Skip(first))
        {
            if (batch.Count > 0 && (batch.Count + 1L) * prompt.TokenIds.Count > mostTokens) break;
            batch.Add(prompt);
        }

        return batch;
    }

    /// <summary>Prompts are padded at their end: causal attention never looks there, and decoding masks or overwrites those slots.</summary>
    private static Tensor RunBatch(DecoderModel model, List<PlacedPrompt> batch, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var length = batch.Max(prompt => prompt.TokenIds.Count);
        var tokens = new long[batch.Count * length];
        var last = new long[batch.Count];
        foreach (var (at, (ids, _)) in batch.Index())
        {
            for (var i = 0; i < ids.Count; i++) tokens[at * length + i] = ids[i];
            last[at] = at * length + ids.Count - 1;
        }

        int[] rows_P = [.. batch.Select(prompt => prompt.Rows[0])];
        var hidden_PTD = model.Hidden(tensor(tokens, batch.Count, length), model.Rotary.Range(0, length), null, (layer, keys, values) => cache.WritePrompts(layer, rows_P, keys, values));
        foreach (var prompt in batch) cache.Repeat(prompt);
        var last_PD = hidden_PTD.view(-1, model.Config.HiddenSize).index_select(0, tensor(last));
        return nn.functional.linear(last_PD, model.Head_VxD).MoveToOuterDisposeScope();
    }
}
