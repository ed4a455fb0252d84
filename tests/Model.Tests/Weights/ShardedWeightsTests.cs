using System.Text.Json.Nodes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Weights;

public sealed class ShardedWeightsTests : IDisposable
{
    private const string IndexName = "model.safetensors.index.json";
    private readonly TemporaryFolder _folder = new();
    private readonly DecoderModel _model = DecoderModel.Random(TestModels.Config with { Architecture = Architecture.Qwen2 }, 7);

    public ShardedWeightsTests() =>
        CheckpointFolder.Save(_model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), _folder.Path, mostFileBytes: 20_000);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Weights_too_large_for_one_file_are_split_with_an_index_and_load_bit_for_bit()
    {
        var shards = Directory.GetFiles(_folder.Path, "model-*.safetensors").Select(path => Path.GetFileName(path)).Order().ToList();
        Assert.True(shards.Count > 2);
        Assert.Equal($"model-00001-of-{shards.Count:D5}.safetensors", shards[0]);
        var index = JsonNode.Parse(File.ReadAllText(_folder[IndexName]))!;
        Assert.Equal(_model.Parameters.Sum(parameter => parameter.numel() * 4), index["metadata"]!["total_size"]!.GetValue<long>());
        Assert.Equal(shards[0], index["weight_map"]!["model.embed_tokens.weight"]!.GetValue<string>());
        Assert.Equal([IndexName, .. shards], CheckpointFolder.WeightNames(_folder.Path));
        using var loaded = CheckpointFolder.Load(_folder.Path);
        foreach (var (before, after) in _model.Parameters.Zip(loaded.Parameters)) CheckpointFolderTests.AssertSameBytes(before, after);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        var missing = LastShard;
        File.Delete(_folder[missing]);
        Assert.Contains(missing, Assert.Single(Refused()).Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_are_not_where_the_index_says_are_all_listed()
    {
        ChangeIndex(map =>
        {
            map["model.norm.weight"] = map["model.embed_tokens.weight"]!.GetValue<string>();
            map.Remove("model.embed_tokens.weight");
        });
        Assert.Equal(
            ["model.embed_tokens.weight", "model.norm.weight"],
            Refused().Select(error => error.Place.Split(' ')[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_tensor_that_only_the_index_has_is_named()
    {
        ChangeIndex(map => map["model.ghost.weight"] = LastShard);
        Assert.EndsWith("model.ghost.weight", Assert.Single(Refused()).Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../elsewhere.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("pytorch_model.bin")]
    public void An_index_leads_to_no_other_place(string file)
    {
        ChangeIndex(map => map["model.norm.weight"] = file);
        Assert.Contains(file, Assert.Single(Refused()).Problem, StringComparison.Ordinal);
    }

    private string LastShard => Directory.GetFiles(_folder.Path, "model-*.safetensors").Select(path => Path.GetFileName(path)).Max()!;

    private IReadOnlyList<InputError> Refused() => Assert.Throws<InvalidInputException>(() => CheckpointFolder.Load(_folder.Path)).Errors;

    private void ChangeIndex(Action<JsonObject> change)
    {
        var index = JsonNode.Parse(File.ReadAllText(_folder[IndexName]))!;
        change(index["weight_map"]!.AsObject());
        File.WriteAllText(_folder[IndexName], index.ToJsonString());
    }
}
