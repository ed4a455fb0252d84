using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Weights;

/// <summary>Damaged files of a model folder, beside those that SafetensorsTests and TokenizerRefusalTests damage: 10,000 mutations are read or refused.</summary>
public sealed class MutatedFolderTests : IDisposable
{
    private const long MostAllocated = 16 << 20;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("config.json", 6000)]
    [InlineData("generation_config.json", 2000)]
    [InlineData("model.safetensors.index.json", 2000)]
    public void Damaged_configurations_and_indices_are_refused_or_read_never_a_crash(string name, int mutations)
    {
        var config = TestModels.Config with
        {
            Architecture = Architecture.Qwen3,
            NumHiddenLayers = 1,
            RopeScaling = new RopeScaling.Llama3 { Factor = 8, OriginalPositions = 32, LowFrequencyFactor = 1, HighFrequencyFactor = 4 },
        };
        using (var model = DecoderModel.Random(config, 1))
            CheckpointFolder.Save(model, new TokenizerFiles(new Dictionary<string, byte[]>()), _folder.Path, mostFileBytes: 10_000);
        AssertRefusedOrRead(name, mutations, () => CheckpointFolder.Load(_folder.Path).Dispose());
    }

    private void AssertRefusedOrRead(string name, int mutations, Action read)
    {
        var seed = File.ReadAllBytes(_folder[name]);
        var random = new CounterRandom(Seeds.For(7, name));
        var refused = 0;
        for (var i = 0; i < mutations; i++)
        {
            File.WriteAllBytes(_folder[name], Mutations.Of(seed, ref random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read();
            }
            catch (InvalidInputException)
            {
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }

        Assert.InRange(refused, mutations / 4, mutations - 10);
    }
}
