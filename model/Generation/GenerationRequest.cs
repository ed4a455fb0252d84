using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation;

/// <summary>Checks of what an engine is asked for.</summary>
internal static class GenerationRequest
{
    /// <exception cref="InvalidInputException">Sampling out of range, an empty or too long prompt, or token ids that the vocabulary lacks; all of them.</exception>
    public static void Check(IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, ModelConfig config, ITokenizer? tokenizer)
    {
        var errors = new List<InputError>();
        if (!(sampling.Temperature >= 0 && double.IsFinite(sampling.Temperature))) Refuse("sampling.temperature", $"is {sampling.Temperature}, but must be 0 (greedy) or more");
        if (!(sampling.TopP is > 0 and <= 1)) Refuse("sampling.topP", $"is {sampling.TopP}, but must be above 0 and at most 1 (off)");
        if (sampling.TopK < 0) Refuse("sampling.topK", $"is {sampling.TopK}, but must be 0 (off) or more");
        if (sampling.MaxTokens < 1) Refuse("sampling.maxTokens", $"is {sampling.MaxTokens}, but must be 1 or more");
        if (sampling.MinTokens < 0 || sampling.MinTokens > Math.Max(0, sampling.MaxTokens)) Refuse("sampling.minTokens", $"is {sampling.MinTokens}, but must be from 0 (off) to the longest completion of {sampling.MaxTokens}");
        if (sampling.Stop.Any(stop => stop.Length == 0)) Refuse("sampling.stop", "has an empty text, which would end everything at once");
        if (sampling.Stop.Count > 0 && tokenizer is null) Refuse("sampling.stop", "needs a tokenizer that makes text of tokens, and there is none");
        if (sampling.StopTokens.Any(id => id < 0 || id >= config.VocabSize)) Refuse("sampling.stopTokens", $"has {string.Join(", ", sampling.StopTokens.Where(id => id < 0 || id >= config.VocabSize))}, but the vocabulary goes from 0 to {config.VocabSize - 1}");
        foreach (var (index, prompt) in prompts.Index()) CheckPrompt($"prompt {index + 1}", prompt.TokenIds);
        foreach (var (index, prompt) in prompts.Index())
        {
            if (prompt.MaxTokens is { } limits && (limits.Count != prompt.Seeds.Count || limits.Any(limit => limit < 1)))
                Refuse($"prompt {index + 1}", $"has longest completions that are not one for each of its {prompt.Seeds.Count} rollouts, 1 or more");
        }

        if (errors.Count > 0) throw new InvalidInputException(errors);

        void CheckPrompt(string place, int[] ids)
        {
            if (ids.Length == 0) Refuse(place, "is empty; give it at least one token, such as the beginning of sequence");
            if ((long)ids.Length + Math.Max(0, sampling.MaxTokens) > config.MaxPositionEmbeddings)
                Refuse(place, $"has {ids.Length} tokens, and with {sampling.MaxTokens} new ones that is more than the model's {config.MaxPositionEmbeddings} positions; shorten it or lower the longest completion");
            var unknown = ids.Where(id => id < 0 || id >= config.VocabSize).Distinct().Take(5).ToList();
            if (unknown.Count > 0) Refuse(place, $"has the token ids {string.Join(", ", unknown)}, but the vocabulary goes from 0 to {config.VocabSize - 1}");
        }

        void Refuse(string place, string problem) => errors.Add(new InputError(place, problem));
    }
}
