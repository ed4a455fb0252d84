using System.Text.Json;
using KnapsackCloud.Model.Tokenizers.Bpe;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>The <c>model</c> of a tokenizer.json as it is written.</summary>
internal sealed record BpeDescription(BpeVocabulary Vocabulary, IReadOnlyList<(int Left, int Right, int Merged)> Merges, UnknownToken Unknown, bool ByteFallback, bool IgnoreMerges);

/// <summary>Reads <c>model</c> of type BPE.</summary>
internal static class BpeModelReader
{
    /// <summary>So many wrong entries are told; a damaged file has thousands.</summary>
    private const int MaxTold = 10;

    public static BpeDescription Read(TokenizerNode node)
    {
        node.Ignore("type");
        node.RequireUnset("dropout", "merges left out at random are not supported");
        node.RequireUnset("continuing_subword_prefix", "is not supported");
        node.RequireUnset("end_of_word_suffix", "is not supported");
        var vocabulary = ReadVocabulary(node);
        var description = new BpeDescription(vocabulary, ReadMerges(node, vocabulary), ReadUnknown(node, vocabulary),
            node.Flag("byte_fallback", missing: false), node.Flag("ignore_merges", missing: false));
        if (description.ByteFallback && vocabulary.BytesBy(BpeVocabulary.ByteToken).IndexOf(-1) is >= 0 and var missing)
            node.Refuse("byte_fallback", $"is true, but the vocabulary has no {BpeVocabulary.ByteToken((byte)missing)}");
        node.RefuseOthers();
        return description;
    }

    private static UnknownToken ReadUnknown(TokenizerNode node, BpeVocabulary vocabulary)
    {
        var fused = node.Flag("fuse_unk", missing: false);
        if (node.Text("unk_token") is not { Length: > 0 } text) return new UnknownToken(null, fused);
        if (vocabulary.Ids.TryGetValue(text, out var id)) return new UnknownToken(id, fused);
        node.Refuse("unk_token", $"'{text}' is not in the vocabulary");
        return new UnknownToken(null, fused);
    }

    private static BpeVocabulary ReadVocabulary(TokenizerNode node)
    {
        if (node.Find("vocab") is not { ValueKind: JsonValueKind.Object } json)
        {
            node.Refuse("vocab", "must be an object of tokens and their ids");
            return new BpeVocabulary(0);
        }

        var vocabulary = new BpeVocabulary(json.GetPropertyCount());
        var told = 0;
        foreach (var entry in json.EnumerateObject())
        {
            var problem = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out var id) && id is >= 0 and <= BpeVocabulary.MaxId
                ? vocabulary.Add(entry.Name, id)
                : $"has the id {JsonMembers.Shown(entry.Value)}, but ids are whole numbers from 0 to {BpeVocabulary.MaxId}";
            if (problem is null) continue;
            node.Refuse("vocab", $"'{entry.Name}' {problem}");
            if (++told == MaxTold) break;
        }

        if (json.GetPropertyCount() == 0) node.Refuse("vocab", "is empty");
        return vocabulary;
    }

    private static List<(int Left, int Right, int Merged)> ReadMerges(TokenizerNode node, BpeVocabulary vocabulary)
    {
        var merges = new List<(int, int, int)>();
        var known = new HashSet<(int, int)>();
        var (told, rank) = (0, -1);
        foreach (var json in node.Array("merges"))
        {
            rank++;
            var problem = Pair(json) is var (left, right) ? Add(vocabulary, left, right, merges, known) : "must be two tokens, as an array or with one space between";
            if (problem is null) continue;
            node.Refuse($"merges[{rank}]", $"{JsonMembers.Shown(json)} {problem}");
            if (++told == MaxTold) break;
        }

        return merges;
    }

    private static (string Left, string Right)? Pair(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String) return json.GetString()!.Split(' ') is [var first, var second] ? (first, second) : null;
        return json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 2 && json[0].ValueKind == JsonValueKind.String && json[1].ValueKind == JsonValueKind.String
            ? (json[0].GetString()!, json[1].GetString()!)
            : null;
    }

    private static string? Add(BpeVocabulary vocabulary, string left, string right, List<(int, int, int)> merges, HashSet<(int, int)> known)
    {
        // A merge gives a longer token, so there is no circle of merges, unless a part is empty.
        if (left.Length == 0 || right.Length == 0) return "has an empty part: merging it would never end";
        if (!vocabulary.Ids.TryGetValue(left, out var leftId)) return $"merges '{left}', which is not in the vocabulary";
        if (!vocabulary.Ids.TryGetValue(right, out var rightId)) return $"merges '{right}', which is not in the vocabulary";
        if (!vocabulary.Ids.TryGetValue(left + right, out var merged)) return $"gives '{left + right}', which is not in the vocabulary";
        if (!known.Add((leftId, rightId))) return "is there twice";
        merges.Add((leftId, rightId, merged));
        return null;
    }
}
