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
    private RolloutRow[] _rows = [];
    private SharedPrompt? _shared;
    private int _active;

    /// <summary>Rollouts at once; known once it runs.</summary>
    public int Places { get; private set; }

    /// <summary>Generates all that waits in the queue.</summary>
    public void Run(CancellationToken cancellation)
    {
        var hasKernels = CpuDecoder.Supports(model);
        (Places, var prefillTokens) = MemoryPlan.For(queue, model.Config, options, hasKernels ? CpuDecoder.MostRows : _ => long.MaxValue);
        _cache = new KeyValueCache(model.Config, Places, queue.Slots(), model.Embedding_VxD.dtype);
        _decoder = hasKernels ? new CpuDecoder(model, _cache, options.Threads) : new TorchDecoder(model, weights, _cache, prefillTokens);
        _rows = new RolloutRow[Places];
        while (true)
        {
            // What was let in may have ended with its first token.
            while (_active < Places && queue.Count > 0) Admit(_decoder, _cache, queue.First(Places - _active), cancellation);
            if (_active == 0) return;
            cancellation.ThrowIfCancellationRequested();
            Step(_decoder, _cache);
        }
    }

    /// <summary>Puts what is not finished back into the queue: it is generated again from its prompt, with the same seeds.</summary>
    public void ReturnUnfinished()
    {
        foreach (var row in _rows.Where(row => row is not null)) queue.Return(row.Prompt, row.Index);
        _rows = [];
    }

    public void Dispose()
    {
        _decoder?.Dispose();
        _cache?.Dispose();
        _shared?.Dispose();
    }

    /// <summary>Gives the free places after the active rows to the first of the queue.</summary>
    private void Admit(IDecoder decoder, KeyValueCache cache, IReadOnlyList<PromptSlice> slices, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        options.BeforeStep?.Invoke(_rows.Length);
        var known = _shared?.Prompt == slices[0].Prompt ? 1 : 0;
        var logits = new List<Tensor>();
        if (known == 1) logits.Add(_shared!.WriteTo(cache, _active, slices[0].Rollouts.Length));
        var fresh = slices.Skip(known).ToList();
        if (fresh.Count > 0)
        {
            var firstRow = _active + slices.Take(known).Sum(slice => slice.Rollouts.Length);
            logits.Add(decoder.Prefill(fresh, prompts, firstRow, cancellation));
        }

        var logits_PV = logits.Count == 1 ? logits[0] : cat(logits);
        var admitted = slices.Sum(slice => slice.Rollouts.Length);
        foreach (var slice in slices) queue.Remove(slice);
        Share(cache, slices[^1].Prompt, _active + admitted - 1, logits_PV);
        var promptOfRow = slices.SelectMany((slice, at) => Enumerable.Repeat(at, slice.Rollouts.Length)).ToArray();
        var rows = slices.SelectMany(slice => slice.Rollouts.Select(rollout => Row(slice.Prompt, rollout))).ToArray();
        rows.CopyTo(_rows, _active);
        _active += admitted;
        Sample(logits_PV, rows, row => promptOfRow[row]);
        Retire(cache);
    }

    /// <summary>Keeps the newest prompt while rollouts of it wait.</summary>
    private void Share(KeyValueCache cache, int prompt, int row, Tensor logits_PV)
    {
        if (queue.NextPrompt == prompt && _shared?.Prompt == prompt) return;
        _shared?.Dispose();
        _shared = queue.NextPrompt == prompt ? new SharedPrompt(prompt, cache, row, prompts[prompt].TokenIds.Length, logits_PV.narrow(0, -1, 1)) : null;
    }

    /// <summary>One token further for every active row.</summary>
    private void Step(IDecoder decoder, KeyValueCache cache)
    {
        options.BeforeStep?.Invoke(_rows.Length);
        var live = new ArraySegment<RolloutRow>(_rows, 0, _active);
        using var logits_RV = decoder.Decode([.. live.Select(row => row.Next)]);
        Sample(logits_RV, live, row => row);
        Retire(cache);
    }

    private RolloutRow Row(int prompt, int rollout) =>
        new(prompt, rollout, prompts[prompt].Seeds[rollout], prompts[prompt].TokenIds.Length, queue.MaxTokens(prompt, rollout), Stops());

    /// <summary>The texts that end a rollout are looked for in its own text.</summary>
    private StopTexts? Stops() => sampling.Stop.Count > 0 ? new StopTexts(sampling.Stop, tokenizer!.StartText()) : null;

    private void Sample(Tensor logits, ArraySegment<RolloutRow> rows, Func<int, int> logitsOfRow)
    {
        if (logits.device_type != TorchSharp.DeviceType.CPU)
        {
            SampleThere(logits, rows, logitsOfRow);
            return;
        }

        using var scope = NewDisposeScope();
        var numbers = logits.to(ScalarType.Float32);
        var members = Math.Min(samplers.Length, rows.Count);
        if (members == 1) SampleRows(0);
        else Members.Run(members, SampleRows);

        void SampleRows(int member)
        {
            var values = MemoryMarshal.Cast<byte, float>(numbers.bytes);
            var vocabulary = model.Config.VocabSize;
            for (var at = member; at < rows.Count; at += members)
            {
                var row = rows[at];
                var uniform = CounterRandom.UniformAt(row.Seed, (ulong)row.Count);
                row.Add(samplers[member].Sample(values.Slice(logitsOfRow(at) * vocabulary, vocabulary), sampling, uniform, MayEnd(row) ? [] : _ends));
            }
        }
    }

    private void SampleThere(Tensor logits, ReadOnlySpan<RolloutRow> rows, Func<int, int> logitsOfRow)
    {
        using var scope = NewDisposeScope();
        var (places, uniforms, mayNot) = (new long[rows.Length], new double[rows.Length], new bool[rows.Length]);
        for (var row = 0; row < rows.Length; row++)
            (places[row], uniforms[row], mayNot[row]) = (logitsOfRow(row), CounterRandom.UniformAt(rows[row].Seed, (ulong)rows[row].Count), !MayEnd(rows[row]));
        var tokens = DeviceSampler.Sample(logits.shape[0] == rows.Length ? logits : logits.index_select(0, tensor(places)), sampling, uniforms, _ends, mayNot);
        for (var row = 0; row < rows.Length; row++) rows[row].Add(tokens[row]);
    }

    /// <summary>Takes out the rows that ended and fills their places from the end, so that the active rows stay the first.</summary>
    private void Retire(KeyValueCache cache)
    {
        var remaining = 0;
        for (var row = 0; row < _active; row++)
        {
            if (Ended(_rows[row]) is { } reason)
            {
                completions[_rows[row].Prompt][_rows[row].Index] = _rows[row].Finish(reason, OneDistribution());
                _rows[row] = null!;
            }
            else
            {
                remaining++;
            }
        }

        if (remaining < _active && remaining > 0) FillPlaces(remaining, cache);
        _active = remaining;
    }

    private void FillPlaces(int remaining, KeyValueCache cache)
    {
        var last = _active - 1;
        for (var place = 0; place < remaining; place++)
        {
            if (_rows[place] is not null) continue;
            while (_rows[last] is null) last--;
            (_rows[place], _rows[last]) = (_rows[last], null!);
            cache.MoveRow(last, place, _rows[place].CachedLength);
        }
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
