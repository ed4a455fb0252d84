using System.Runtime.InteropServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// The rollouts that are generated at once. A rollout that ends gives its place to the next of the queue at once; when the
/// queue is empty the batch shrinks. Single-use: create, run, dispose.
/// </summary>
/// <param name="weights">The model's parameters in their order.</param>
/// <param name="samplers">One a thread.</param>
/// <param name="completions">Gets what is finished, [prompt][rollout].</param>
internal sealed class RunningBatch(
    DecoderModel model, Tensor[] weights, Sampler[] samplers, EngineOptions options, RolloutQueue queue,
    IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, ITokenizer? tokenizer, Completion[][] completions) : IDisposable
{
    private readonly int[] _ends = [.. model.Config.EosTokenIds.Concat(sampling.StopTokens).Distinct()];
    private KeyValueCache? _cache;
    private IDecoder? _decoder;
    private RolloutRow?[] _rows = [];
    private SharedPrompt? _shared;

    /// <summary>Rollouts at once; known once it runs.</summary>
    public int Places { get; private set; }

    /// <summary>Generates all that waits in the queue.</summary>
    public void Run(CancellationToken cancellation)
    {
        var hasKernels = CpuKernels.Support(model);
        (Places, var prefillTokens) = MemoryPlan.For(queue, Memory(model, queue.Slots(), options.Threads), options);
        _cache = new KeyValueCache(model.Config, Places, queue.Slots(), model.Embedding_VxD.dtype);
        _decoder = hasKernels ? CpuKernels.Decoder(model, _cache, options.Threads) : new TorchDecoder(model, weights, _cache, prefillTokens);
        // The library's threads would spin beside those that decode, long after each of its few operations.
        using var threads = new TorchThreads(hasKernels ? 1 : options.Threads);
        _rows = new RolloutRow?[Places];
        while (true)
        {
            // What was let in may have ended with its first token.
            for (int[] free; queue.Count > 0 && (free = Free()).Length > 0;) Admit(_decoder, _cache, queue.First(free.Length), free, cancellation);
            var live = CloseUp(_cache);
            if (live.Length == 0) return;
            cancellation.ThrowIfCancellationRequested();
            Step(_decoder, live);
        }
    }

    /// <summary>What the decoder of a model needs.</summary>
    public static DecoderMemory Memory(DecoderModel model, int slots, int threads) =>
        CpuKernels.Support(model) ? CpuKernels.Memory(model, slots, threads) : DecoderMemory.OfLibrary(model.Config, slots, model.Embedding_VxD.ElementSize);

    /// <summary>Puts what is not finished back into the queue: it is generated again from its prompt, with the same seeds.</summary>
    public void ReturnUnfinished()
    {
        foreach (var row in _rows.OfType<RolloutRow>()) queue.Return(row.Prompt, row.Index);
        _rows = [];
    }

    public void Dispose()
    {
        _decoder?.Dispose();
        _cache?.Dispose();
        _shared?.Dispose();
    }

    private int[] Free() => [.. _rows.Index().Where(row => row.Item is null).Select(row => row.Index)];

    /// <summary>Gives the first of the free places to the first of the queue.</summary>
    private void Admit(IDecoder decoder, KeyValueCache cache, IReadOnlyList<PromptSlice> slices, int[] free, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        options.BeforeStep?.Invoke(_rows.Length);
        var placed = Placed(slices, free);
        var known = _shared?.Prompt == slices[0].Prompt ? 1 : 0;
        var logits = new List<Tensor>();
        if (known == 1) logits.Add(_shared!.WriteTo(cache, placed[0]));
        if (placed.Length > known) logits.Add(decoder.Prefill(placed[known..], cancellation));
        var logits_PV = logits.Count == 1 ? logits[0] : cat(logits);
        foreach (var slice in slices) queue.Remove(slice);
        Share(cache, slices[^1].Prompt, placed[^1].Rows[0], logits_PV);
        var promptOfRow = slices.SelectMany((slice, at) => Enumerable.Repeat(at, slice.Rollouts.Length)).ToArray();
        var rows = slices.SelectMany(slice => slice.Rollouts.Select(rollout => Row(slice.Prompt, rollout))).ToArray();
        foreach (var (row, place) in rows.Zip(free)) _rows[place] = row;
        Sample(decoder, logits_PV, rows, row => promptOfRow[row]);
        Retire();
    }

    private PlacedPrompt[] Placed(IReadOnlyList<PromptSlice> slices, int[] free)
    {
        var placed = new PlacedPrompt[slices.Count];
        foreach (var (at, slice) in slices.Index())
        {
            placed[at] = new PlacedPrompt(prompts[slice.Prompt].TokenIds, free[..slice.Rollouts.Length]);
            free = free[slice.Rollouts.Length..];
        }

        return placed;
    }

    /// <summary>Keeps the newest prompt while rollouts of it wait.</summary>
    private void Share(KeyValueCache cache, int prompt, int row, Tensor logits_PV)
    {
        if (queue.NextPrompt == prompt && _shared?.Prompt == prompt) return;
        _shared?.Dispose();
        _shared = queue.NextPrompt == prompt ? new SharedPrompt(prompt, cache, row, prompts[prompt].TokenIds.Length, logits_PV.narrow(0, -1, 1)) : null;
    }

    /// <summary>One token further for every live row.</summary>
    private void Step(IDecoder decoder, RolloutRow[] live)
    {
        options.BeforeStep?.Invoke(_rows.Length);
        using var logits_RV = decoder.Decode([.. live.Select(row => row.Next)]);
        Sample(decoder, logits_RV, live, row => row);
        Retire();
    }

    private RolloutRow Row(int prompt, int rollout) =>
        new(prompt, rollout, prompts[prompt].Seeds[rollout], prompts[prompt].TokenIds.Length, queue.MaxTokens(prompt, rollout), Stops());

    /// <summary>The texts that end a rollout are looked for in its own text.</summary>
    private StopTexts? Stops() => sampling.Stop.Count > 0 ? new StopTexts(sampling.Stop, tokenizer!.StartText()) : null;

    private void Sample(IDecoder decoder, Tensor logits, RolloutRow[] rows, Func<int, int> logitsOfRow)
    {
        if (logits.device_type != TorchSharp.DeviceType.CPU)
        {
            SampleThere(logits, rows, logitsOfRow);
            return;
        }

        using var scope = NewDisposeScope();
        var numbers = logits.to(ScalarType.Float32);
        var members = Math.Min(samplers.Length, rows.Length);
        if (members == 1) SampleRows(0);
        else decoder.Divide(members, SampleRows);

        void SampleRows(int member)
        {
            var values = MemoryMarshal.Cast<byte, float>(numbers.bytes);
            var vocabulary = model.Config.VocabSize;
            for (var at = member; at < rows.Length; at += members)
            {
                var row = rows[at];
                var uniform = CounterRandom.UniformAt(row.Seed, (ulong)row.Count);
                row.Add(samplers[member].Sample(values.Slice(logitsOfRow(at) * vocabulary, vocabulary), sampling, uniform, MayEnd(row) ? [] : _ends));
            }
        }
    }

    private void SampleThere(Tensor logits, RolloutRow[] rows, Func<int, int> logitsOfRow)
    {
        using var scope = NewDisposeScope();
        var (places, uniforms, mayNot) = (new long[rows.Length], new double[rows.Length], new bool[rows.Length]);
        for (var row = 0; row < rows.Length; row++)
            (places[row], uniforms[row], mayNot[row]) = (logitsOfRow(row), CounterRandom.UniformAt(rows[row].Seed, (ulong)rows[row].Count), !MayEnd(rows[row]));
        var tokens = DeviceSampler.Sample(logits.shape[0] == rows.Length ? logits : logits.index_select(0, tensor(places)), sampling, uniforms, _ends, mayNot);
        for (var row = 0; row < rows.Length; row++) rows[row].Add(tokens[row]);
    }

    /// <summary>Takes out the rows that ended: their places are free.</summary>
    private void Retire()
    {
        for (var place = 0; place < _rows.Length; place++)
        {
            if (_rows[place] is not { } row || Ended(row) is not { } reason) continue;
            completions[row.Prompt][row.Index] = row.Finish(reason, OneDistribution());
            _rows[place] = null;
        }
    }

    /// <summary>Fills places that nobody waits for from the end, so that the live rows, which it returns, are the first.</summary>
    private RolloutRow[] CloseUp(KeyValueCache cache)
    {
        var free = Free();
        var last = _rows.Length;
        foreach (var place in free.TakeWhile(place => place < _rows.Length - free.Length))
        {
            do last--;
            while (_rows[last] is null);
            cache.CopyRow(last, place, _rows[last]!.CachedLength);
            (_rows[place], _rows[last]) = (_rows[last], null);
        }

        return [.. _rows.OfType<RolloutRow>()];
    }

    private StopReason? Ended(RolloutRow row)
    {
        if (model.Config.EosTokenIds.Contains(row.LastToken)) return StopReason.Eos;
        if (sampling.StopTokens.Contains(row.LastToken) || (row.MetStop && row.Count >= sampling.MinTokens)) return StopReason.Stop;
        return row.Count == row.MaxTokens ? StopReason.Length : null;
    }

    /// <summary>Whether the next token may be the rollout's last by its own will.</summary>
    private bool MayEnd(RolloutRow row) => row.Count + 1 >= sampling.MinTokens || _ends.Length == 0;

    private bool OneDistribution() =>
        sampling.Temperature == 0 || (sampling is { Temperature: 1, TopP: 1, MinTokens: <= 1 } && (sampling.TopK == 0 || sampling.TopK >= model.Config.VocabSize));
}
