using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Model.Generation;

/// <summary>A rollout in the making.</summary>
/// <param name="prompt">Which prompt of the request.</param>
/// <param name="index">Which of its rollouts.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
/// <param name="maxTokens">Its longest completion.</param>
/// <param name="stops">Null where no text ends it.</param>
internal sealed class RolloutRow(int prompt, int index, ulong seed, int promptLength, int maxTokens, StopTexts? stops)
{
    private readonly List<int> _tokenIds = [];
    private readonly List<float> _logProbs = [];
    private readonly List<float> _modelLogProbs = [];

    public int Prompt { get; } = prompt;
    public int Index { get; } = index;
    public ulong Seed { get; } = seed;
    public int MaxTokens { get; } = maxTokens;

    /// <summary>New tokens so far: also the number of its next random draw.</summary>
    public int Count => _tokenIds.Count;

    /// <summary>Tokens whose keys and values are in the cache: all but the newest.</summary>
    public int CachedLength => promptLength + Count - 1;

    public int LastToken => _tokenIds[^1];

    /// <summary>What the decoder needs to know for the next token.</summary>
    public DecodeRow Next => new(LastToken, CachedLength, Prompt, promptLength);

    /// <summary>The newest token completed a text that ends it.</summary>
    public bool MetStop { get; private set; }

    public void Add(SampledToken token)
    {
        MetStop = stops?.Append(token.Id) ?? false;
        _tokenIds.Add(token.Id);
        _logProbs.Add(token.LogProb);
        _modelLogProbs.Add(token.ModelLogProb);
    }

    /// <param name="oneDistribution">Sampling and model distribution are the same, so one array serves both.</param>
    public Completion Finish(StopReason reason, bool oneDistribution)
    {
        float[] logProbs = [.. _logProbs];
        return new Completion([.. _tokenIds], logProbs, oneDistribution ? logProbs : [.. _modelLogProbs], reason);
    }
}
