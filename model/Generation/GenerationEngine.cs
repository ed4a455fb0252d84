using System.Runtime.InteropServices;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// Generates rollouts: every prompt computed once and shared by its rollouts, then one token a step for all rows, whose
/// keys and values are cached; a row that ends gives its place to the next rollout of the request at once. Where memory
/// does not suffice for as many rollouts as the options allow, it goes on with half as many, now and in later calls. One
/// thread at a time uses an engine; any number of engines may share a model, which they only read. The model stays the
/// caller's.
/// </summary>
/// <param name="tokenizer">The model's; needed for stop texts only.</param>
public sealed class GenerationEngine(DecoderModel model, EngineOptions? options = null, ITokenizer? tokenizer = null) : IGenerator
{
    private readonly Tensor[] _weights = [.. model.Parameters];
    private readonly Sampler[] _samplers = [.. Enumerable.Range(0, (options ?? new()).Threads).Select(_ => new Sampler(model.Config.VocabSize))];
    private EngineOptions _options = options ?? new();

    /// <summary>Rollouts generated at once at most: the options', or fewer once memory did not suffice.</summary>
    public int MaxRows => _options.MaxRows;

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The request cannot be: every reason.</exception>
    /// <exception cref="InvalidOperationException">The model's logits are not finite.</exception>
    /// <exception cref="InsufficientMemoryException">Not even one rollout fits into memory.</exception>
    public Completion[][] Generate(IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, CancellationToken cancellation)
    {
        GenerationRequest.Check(prompts, sampling, model.Config, tokenizer);
        var completions = prompts.Select(prompt => new Completion[prompt.Seeds.Count]).ToArray();
        using var threads = new TorchThreads(_options.Threads);
        using var inference = inference_mode();
        var queue = new RolloutQueue(prompts, sampling.MaxTokens);
        while (queue.Count > 0)
        {
            using var scope = NewDisposeScope();
            using var batch = new RunningBatch(model, _weights, _samplers, _options, queue, prompts, sampling, tokenizer, completions);
            try
            {
                batch.Run(cancellation);
            }
            catch (ExternalException e) when (IsOutOfMemory(e))
            {
                batch.ReturnUnfinished();
                _options = _options with { MaxRows = Fewer(batch.Places, queue.Slots(), e) };
            }
        }

        return completions;
    }

    private int Fewer(int places, int slots, ExternalException reason) => places > 1
        ? places / 2
        : throw new InsufficientMemoryException($"one rollout of {slots} tokens needs {RunningBatch.Memory(model, slots, _options.Threads).Row >> 20} MiB beside the model, and memory does not suffice; shorten the prompt or the longest completion", reason);

    /// <summary>The library has one exception for all that goes wrong in it; these are the words of its allocators for the CPU and for CUDA.</summary>
    private static bool IsOutOfMemory(ExternalException e) =>
        e.Message.Contains("can't allocate memory", StringComparison.Ordinal) || e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase);
}
