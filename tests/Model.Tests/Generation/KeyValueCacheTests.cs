using CsCheck;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Generation;

public class KeyValueCacheTests
{
    [Fact]
    public void A_copied_row_has_the_first_slots_of_the_other_and_nothing_else_changes() =>
        (from config in TestModels.Configs
         from rows in Gen.Int[2, 5]
         from slots in Gen.Int[1, 9]
         from copied in Gen.Int[0, 9]
         from source in Gen.Int[0, 4]
         from target in Gen.Int[0, 4]
         from isHalf in Gen.Bool
         select (config, rows, slots, Math.Min(copied, slots), source % rows, target % rows, isHalf ? ScalarType.BFloat16 : ScalarType.Float32)).Sample(sample =>
        {
            var (config, rows, slots, copied, source, target, type) = sample;
            using var scope = NewDisposeScope();
            using var cache = new KeyValueCache(config, rows, slots, type);
            Tensor[] both = [cache.Keys_LRKSD, cache.Values_LRKSD];
            var expected = both.Select((tensor, number) => tensor.copy_(HeldNumbers.Range(101).repeat((tensor.numel() / 101) + 2).narrow(0, number, tensor.numel()).reshape(tensor.shape)).clone()).ToArray();
            foreach (var tensor in expected) tensor.select(1, target).narrow(2, 0, copied).copy_(tensor.select(1, source).narrow(2, 0, copied).clone());

            cache.CopyRow(source, target, copied);

            foreach (var (wanted, actual) in expected.Zip(both)) Assert.True(wanted.equal(actual).all().item<bool>());
        }, iter: 100);
}
