using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Cli.Generating;

/// <summary>What to go on from: token ids, and the tokenizer that makes text of them where the folder has one that can be read.</summary>
/// <param name="NoText">Why there is no tokenizer; null when there is.</param>
/// <param name="Room">Tokens that the model's positions leave for a completion.</param>
/// <param name="Vocabulary">Token ids that the model knows: 0 to this number, itself left out.</param>
internal sealed record PromptInput(int[] TokenIds, ITokenizer? Tokenizer, string? NoText, int Room, int Vocabulary)
{
    /// <summary>Reads either of the two forms, checked against the model's configuration; no weight is read.</summary>
    /// <param name="errors">Gets everything that is wrong; then the result is not to be used.</param>
    public static PromptInput Read(string folder, string? text, string? ids, PromptFormat format, List<InputError> errors)
    {
        if (text is null == ids is null) errors.Add(new InputError("", "give either --prompt or --ids"));
        if (ids is not null && format.Chat) errors.Add(new InputError("--chat", "needs --prompt; --ids are taken as they are"));
        var config = Try(() => Config(folder), errors);
        var tokenizerErrors = new List<InputError>();
        var tokenizer = config is null ? null : Try(() => TokenizerLoader.Load(folder), tokenizerErrors);
        if (text is not null) errors.AddRange(tokenizerErrors);
        var tokenIds = ids is not null ? ParseIds(ids, config, errors) : text is not null && tokenizer is not null ? Encode(text, format, tokenizer, errors) : [];
        var room = config is null ? int.MaxValue : config.MaxPositionEmbeddings - tokenIds.Length;
        if (room < 1) errors.Add(new InputError("", $"the prompt has {tokenIds.Length} tokens, which leaves none of the model's {config!.MaxPositionEmbeddings} positions for a completion"));
        return new PromptInput(tokenIds, tokenizer, tokenizer is null ? string.Join("; ", tokenizerErrors) : null, room, config?.VocabSize ?? int.MaxValue);
    }

    private static ModelConfig Config(string folder) =>
        Directory.Exists(folder) ? ModelConfigFile.Read(folder) : throw new InvalidInputException("--model", $"there is no folder '{folder}'");

    private static T? Try<T>(Func<T> read, List<InputError> errors) where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidInputException e)
        {
            errors.AddRange(e.Errors);
            return null;
        }
    }

    private static int[] ParseIds(string ids, ModelConfig? config, List<InputError> errors)
    {
        var parsed = new List<int>();
        foreach (var part in ids.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id))
                errors.Add(new InputError("--ids", $"'{part.Trim()}' is not a token id; give whole numbers with commas, such as 1,2,3"));
            else if (config is not null && id >= config.VocabSize)
                errors.Add(new InputError("--ids", $"{id} is not in the vocabulary, which goes from 0 to {config.VocabSize - 1}"));
            else
                parsed.Add(id);
        }

        return [.. parsed];
    }

    private static int[] Encode(string text, PromptFormat format, ITokenizer tokenizer, List<InputError> errors)
    {
        try
        {
            var ids = tokenizer.EncodePrompt(text, format);
            if (text.Length == 0 || ids.Length == 0) errors.Add(new InputError("--prompt", "is empty; give it at least one character"));
            return ids;
        }
        catch (FormatException e)
        {
            errors.Add(new InputError("--prompt", e.Message));
            return [];
        }
    }
}
