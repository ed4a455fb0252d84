using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers.Reading;
using KnapsackCloud.Model.Tokenizers.Templates;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tokenizers;

/// <summary>Reads the tokenizer of a model folder.</summary>
public static class TokenizerLoader
{
    public static IReadOnlyList<string> SupportedModels { get; } = ["BPE (byte-level and SentencePiece-style)", "WordLevel (one token per character)"];

    /// <exception cref="InvalidInputException">There is no tokenizer.json, it is damaged, or its kind is not supported; the message names the kind.</exception>
    public static ITokenizer Load(string folder)
    {
        var path = Path.Combine(folder, TokenizerFiles.Main);
        using var document = JsonFile.Read(path);
        var kind = document.RootElement.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.Object
            ? Kind(model)
            : throw new InvalidInputException($"{path} model", "is missing");
        return kind switch
        {
            "BPE" => BpeTokenizerFile.Read(document.RootElement, path, ChatSupport.From(folder)),
            "WordLevel" => CharacterTokenizerFile.Read(document.RootElement, path),
            _ => throw new InvalidInputException($"{path} model.type", $"the tokenizer {kind} is not supported; supported: {string.Join(", ", SupportedModels)}"),
        };
    }

    private static string Kind(JsonElement model) =>
        model.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "without a type";
}
