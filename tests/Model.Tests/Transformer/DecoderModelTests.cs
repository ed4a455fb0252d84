using CsCheck;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Transformer;

public class DecoderModelTests
{
    private static readonly TokenizerFiles NoTokenizer = new(new Dictionary<string, byte[]>());

    [Fact]
    public void A_saved_model_of_any_architecture_computes_what_plain_doubles_do() => TestModels.Configs.Sample(config =>
    {
        using var folder = new TemporaryFolder();
        using var model = TestModels.Disturbed(config, seed: 5);
        CheckpointFolder.Save(model, NoTokenizer, folder.Path);
        using var reader = SafetensorsReader.Open(folder["model.safetensors"]);
        var ids = Enumerable.Range(0, 20).Select(i => i * 7 % config.VocabSize).ToArray();
        var expected = new PlainDecoder(config, reader).Logits(ids);
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        var actual = model.Logits(tensor(ids.Select(id => (long)id).ToArray(), 1, ids.Length))[0].data<float>().ToArray();
        Assert.All(expected.SelectMany(row => row).Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * Math.Max(1, Math.Abs(pair.First))));
    }, iter: 60);

    [Fact]
    public void Rotary_tables_that_grew_hold_the_same_angles()
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config with { MaxPositionEmbeddings = 10_000 };
        using var grown = new Rotary(config);
        using var whole = new Rotary(config);
        var first = grown.Range(0, 3);
        var all = whole.Range(0, 10_000);
        foreach (var end in new[] { 5, 1025, 3000, 10_000 })
        {
            var angles = grown.Range(end - 2, 2);
            Assert.True(angles.Cos.equal(all.Cos.narrow(1, end - 2, 2)).all().item<bool>());
            Assert.True(angles.Sin.equal(all.Sin.narrow(1, end - 2, 2)).all().item<bool>());
        }

        Assert.True(first.Sin.equal(all.Sin.narrow(1, 0, 3)).all().item<bool>());
        Assert.Throws<ArgumentOutOfRangeException>(() => grown.Range(10_000, 1));
    }

    [Fact]
    public void Half_precision_weights_compute_about_the_same()
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        using var folder = new TemporaryFolder();
        using var model = DecoderModel.Random(TestModels.Config, 3);
        CheckpointFolder.Save(model, NoTokenizer, folder.Path);
        using var half = CheckpointFolder.Load(folder.Path, ScalarType.BFloat16);
        var ids = tensor(new long[] { 2, 3, 4, 5 }, 1, 4);
        var (expected, actual) = (model.Logits(ids), half.Logits(ids));
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.InRange((expected - actual).abs().max().item<float>(), 1e-6, 0.1);
    }
}
