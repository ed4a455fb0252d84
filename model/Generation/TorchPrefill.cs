using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>Computes prompts with the tensor library and fills the cache of their rollouts.</summary>
internal static class TorchPrefill
{
    /// <summary>Logits [P, V] after the last token of each slice's prompt. The slices' rollouts get the cache's rows from <paramref name="firstRow"/> on, in order.</summary>
    /// <param name="slices">In order of length.</param>
    /// <param name="mostTokens">Tokens, padding included, of one forward pass; at least one prompt goes in.</param>
    public static Tensor Run(
        DecoderModel model, IReadOnlyList<PromptSlice> slices, IReadOnlyList<GenerationPrompt> prompts, KeyValueCache cache, int firstRow, int mostTokens, CancellationToken cancellation)
    {
        var logits = new List<Tensor>();
        for (var at = 0; at < slices.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = Batch(slices, prompts, at, mostTokens);
            logits.Add(RunBatch(model, batch, prompts, cache, firstRow));
            firstRow += batch.Sum(slice => slice.Rollouts.Length);
            at += batch.Count;
        }

        return logits.Count == 1 ? logits[0] : cat(logits);
    }

    private static List<PromptSlice> Batch(IReadOnlyList<PromptSlice> slices, IReadOnlyList<GenerationPrompt> prompts, int first, int mostTokens)
    {
        var batch = new List<PromptSlice>();
        foreach (var slice in slices.Skip(first))
        {
            if (batch.Count > 0 && (batch.Count + 1L) * prompts[slice.Prompt].TokenIds.Length > mostTokens) break;
            batch.Add(slice);
        }

        return batch;
    }

    /// <summary>Prompts are padded at their end: causal attention never looks there, and decoding masks or overwrites those slots.</summary>
    private static Tensor RunBatch(DecoderModel model, List<PromptSlice> batch, IReadOnlyList<GenerationPrompt> prompts, KeyValueCache cache, int firstRow)
    {
        using var scope = NewDisposeScope();
        var length = batch.Max(slice => prompts[slice.Prompt].TokenIds.Length);
        var tokens = new long[batch.Count * length];
        var last = new long[batch.Count];
        foreach (var (at, slice) in batch.Index())
        {
            var ids = prompts[slice.Prompt].TokenIds;
            for (var i = 0; i < ids.Length; i++) tokens[at * length + i] = ids[i];
            last[at] = at * length + ids.Length - 1;
        }

        int[] rollouts_P = [.. batch.Select(slice => slice.Rollouts.Length)];
        var hidden_PTD = model.Hidden(tensor(tokens, batch.Count, length), model.Rotary.Range(0, length), null,
            (layer, keys, values) => cache.WritePrompts(layer, firstRow, rollouts_P, keys, values));
        var last_PD = hidden_PTD.view(-1, model.Config.HiddenSize).index_select(0, tensor(last));
        return nn.functional.linear(last_PD, model.Head_VxD).MoveToOuterDisposeScope();
    }
}
