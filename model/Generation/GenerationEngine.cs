using System.Runtime.InteropServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// Generates rollouts: every prompt computed once and shared by its rollouts, then one token a step for all rows, whose
/// keys and values are cached; a row that ends gives its place up at once. One thread at a time uses an engine; any number
/// of engines may share a model, which they only read. The model stays the caller's.
/// </summary>
public sealed class GenerationEngine(DecoderModel model, EngineOptions? options = null) : IGenerator
{
    private readonly EngineOptions _options = options ?? new();
    private readonly Tensor[] _weights = [.. model.Parameters];
    private readonly Sampler _sampler = new(model.Config.VocabSize);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The request cannot be: every reason.</exception>
    /// <exception cref="InvalidOperationException">The model's logits are not finite.</exception>
    public Completion[][] Generate(IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, CancellationToken cancellation)
    {
        GenerationRequest.Check(prompts, sampling, model.Config);
        var completions = prompts.Select(prompt => new Completion[prompt.Seeds.Count]).ToArray();
        using var threads = new TorchThreads(_options.Threads);
        using var inference = inference_mode();
        foreach (var chunk in RowChunks.Of(prompts, sampling.MaxTokens, model.Config, _options))
            GenerateInHalves(chunk, prompts, sampling, completions, cancellation);
        return completions;
    }

    /// <summary>A batch for which the memory does not suffice is parted, again and again down to single rows: which tokens a row gets does not depend on it.</summary>
    private void GenerateInHalves(
        IReadOnlyList<PromptSlice> chunk, IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, Completion[][] completions, CancellationToken cancellation)
    {
        try
        {
            GenerateChunk(chunk, prompts, sampling, completions, cancellation);
        }
        catch (ExternalException error) when (IsOutOfMemory(error) && chunk.Sum(slice => slice.Count) > 1)
        {
            foreach (var half in RowChunks.Halves(chunk)) GenerateInHalves(half, prompts, sampling, completions, cancellation);
        }
    }

    /// <summary>As the library's allocators say it, of GPU and CPU.</summary>
    private static bool IsOutOfMemory(ExternalException error) =>
        error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || error.Message.Contains("can't allocate memory", StringComparison.Ordinal);

    private void GenerateChunk(
        IReadOnlyList<PromptSlice> chunk, IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, Completion[][] completions, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        _options.BeforeBatch?.Invoke(chunk.Sum(slice => slice.Count));
        var rows = chunk.SelectMany(slice => Enumerable.Range(slice.FirstSeed, slice.Count).Select(index =>
            Row(prompts[slice.Prompt], slice.Prompt, index, sampling))).ToArray();
        var slots = chunk.Max(slice => prompts[slice.Prompt].TokenIds.Length) + sampling.MaxTokens - 1;
        using var cache = new KeyValueCache(model.Config, rows.Length, slots, model.Embedding_VxD.dtype);
        var logits_PV = Prefill.Run(model, chunk, prompts, cache, _options.PrefillTokens, cancellation);
        var promptOfRow = chunk.SelectMany((slice, at) => Enumerable.Repeat(at, slice.Count)).ToArray();
        Sample(logits_PV, rows, row => promptOfRow[row], sampling);
        var active = Retire(rows, rows.Length, sampling, completions, cache);
        while (active > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var live = rows.AsSpan(0, active);
            using var logits_RV = DecodeKernel.Decode(model, _weights, cache, Tokens(live), Lengths(live));
            Sample(logits_RV, live, row => row, sampling);
            active = Retire(rows, active, sampling, completions, cache);
        }
    }

    private static RolloutRow Row(GenerationPrompt prompt, int number, int index, SamplingSpec sampling) =>
        new(number, index, prompt.Seeds[index], prompt.TokenIds.Length, Math.Min(sampling.MaxTokens, prompt.MaxTokens?[index] ?? int.MaxValue));

    private void Sample(Tensor logits, ReadOnlySpan<RolloutRow> rows, Func<int, int> logitsOfRow, SamplingSpec sampling)
    {
        if (logits.device_type != TorchSharp.DeviceType.CPU)
        {
            SampleThere(logits, rows, logitsOfRow, sampling);
            return;
        }

        using var scope = NewDisposeScope();
        var values = MemoryMarshal.Cast<byte, float>(logits.to(ScalarType.Float32).bytes);
        var vocabulary = model.Config.VocabSize;
        for (var row = 0; row < rows.Length; row++)
        {
            var uniform = CounterRandom.UniformAt(rows[row].Seed, (ulong)rows[row].Count);
            rows[row].Add(_sampler.Sample(values.Slice(logitsOfRow(row) * vocabulary, vocabulary), sampling, uniform));
        }
    }

    private static void SampleThere(Tensor logits, ReadOnlySpan<RolloutRow> rows, Func<int, int> logitsOfRow, SamplingSpec sampling)
    {
        using var scope = NewDisposeScope();
        var (places, uniforms) = (new long[rows.Length], new double[rows.Length]);
        for (var row = 0; row < rows.Length; row++) (places[row], uniforms[row]) = (logitsOfRow(row), CounterRandom.UniformAt(rows[row].Seed, (ulong)rows[row].Count));
        var tokens = DeviceSampler.Sample(logits.shape[0] == rows.Length ? logits : logits.index_select(0, tensor(places)), sampling, uniforms);
        for (var row = 0; row < rows.Length; row++) rows[row].Add(tokens[row]);
    }

    /// <summary>Takes out the rows that ended and fills their places from the end, so that the active rows stay the first; returns how many they are.</summary>
    private int Retire(RolloutRow[] rows, int active, SamplingSpec sampling, Completion[][] completions, KeyValueCache cache)
    {
        var remaining = 0;
        for (var row = 0; row < active; row++)
        {
            if (Ended(rows[row]) is { } reason)
            {
                completions[rows[row].Prompt][rows[row].Index] = rows[row].Finish(reason, OneDistribution(sampling));
                rows[row] = null!;
            }
            else
            {
                remaining++;
            }
        }

        if (remaining < active && remaining > 0) FillPlaces(rows, active, remaining, cache);
        return remaining;
    }

    private static void FillPlaces(RolloutRow[] rows, int active, int remaining, KeyValueCache cache)
    {
        var (from, to) = (new List<long>(), new List<long>());
        var last = active - 1;
        for (var place = 0; place < remaining; place++)
        {
            if (rows[place] is not null) continue;
            while (rows[last] is null) last--;
            (rows[place], rows[last]) = (rows[last], null!);
            from.Add(last);
            to.Add(place);
        }

        if (from.Count > 0) cache.MoveRows([.. from], [.. to], rows.Take(remaining).Max(row => row.CachedLength));
    }

    private StopReason? Ended(RolloutRow row) =>
        model.Config.EosTokenIds.Contains(row.LastToken) ? StopReason.Eos : row.Count == row.MaxTokens ? StopReason.Length : null;

    private bool OneDistribution(SamplingSpec sampling) =>
        sampling.Temperature == 0 || (sampling.Temperature == 1 && sampling.TopP == 1 && (sampling.TopK == 0 || sampling.TopK >= model.Config.VocabSize));

    private static long[] Tokens(ReadOnlySpan<RolloutRow> rows)
    {
        var tokens = new long[rows.Length];
        for (var row = 0; row < rows.Length; row++) tokens[row] = rows[row].LastToken;
        return tokens;
    }

    private static int[] Lengths(ReadOnlySpan<RolloutRow> rows)
    {
        var lengths = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++) lengths[row] = rows[row].CachedLength;
        return lengths;
    }
}
