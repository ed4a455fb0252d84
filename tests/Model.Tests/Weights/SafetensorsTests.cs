using System.Text;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Weights;

public class SafetensorsTests
{
    public static TheoryData<ScalarType> Types { get; } =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32,
        ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_tensor_of_any_type_and_shape_comes_back_bit_for_bit(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var values = HeldNumbers.Range(24).Plus(HeldNumbers.Filled(1, -7, ScalarType.Float32)).to(type);
        var tensors = new Dictionary<string, Tensor>
        {
            ["matrix"] = values.view(4, 6),
            ["cube"] = values.view(2, 3, 4),
            ["scalar"] = values[3],
            ["empty"] = values.narrow(0, 0, 0).view(0, 5),
            ["transposed ü"] = values.view(4, 6).t(),
            ["rows"] = values.view(4, 6).narrow(0, 1, 2),
        };
        SafetensorsWriter.Write(folder["a"], tensors, new Dictionary<string, string> { ["format"] = "pt" });
        using var reader = SafetensorsReader.Open(folder["a"]);
        Assert.Equal("pt", reader.Header.Metadata["format"]);
        Assert.Equal(tensors.Keys.Order(StringComparer.Ordinal), reader.Header.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, expected) in tensors) CheckpointFolderTests.AssertSameBytes(expected.contiguous(), reader.Read(name));
    }

    [Fact]
    public void The_bytes_are_those_of_the_published_format()
    {
        using var scope = NewDisposeScope();
        using var output = new MemoryStream();
        SafetensorsWriter.Write(output, new Dictionary<string, Tensor> { ["b"] = tensor(new float[] { 1 }), ["a"] = tensor(new byte[] { 7, 8 }) });
        const string header = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""";
        var padded = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] expected = [(byte)padded.Length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(padded), 7, 8, 0, 0, 0x80, 0x3f];
        Assert.Equal(expected, output.ToArray());
    }

    [Fact]
    public void Reading_into_a_tensor_of_another_shape_is_refused_by_name()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], new Dictionary<string, Tensor> { ["w"] = zeros(2, 3) });
        using var reader = SafetensorsReader.Open(folder["a"]);
        var message = Assert.Throws<InvalidDataException>(() => reader.ReadInto("w", zeros(3, 2))).Message;
        Assert.Contains("'w' is [2, 3], not [3, 2]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, null)]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "truncated")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "take 8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "takes 12 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "takes 8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "0 or more")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "0 or more")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", 8, "0 or more")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}""", 8, "too large")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "too large")]
    [InlineData("""{"w":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", 2, "F8_E4M3")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2]}}""", 8, "needs dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "more than 2")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":"F32"}}""", 8, "twice")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", 8, "'w' is there twice")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"v":{"dtype":"U8","shape":[6],"data_offsets":[2,8]}}""", 8, "'v' starts at byte 2")]
    [InlineData("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"v":{"dtype":"U8","shape":[3],"data_offsets":[5,8]}}""", 8, "'v' starts at byte 5")]
    [InlineData("""{"w":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}""", 8, "0 or more")]
    [InlineData("""{"w":{"dtype":"F32","shape":[[[[[[2]]]]]],"data_offsets":[0,8]}}""", 8, "whole numbers")]
    [InlineData("""{"w":8}""", 0, "must be a JSON object")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__.a")]
    [InlineData("[]", 0, "must be a JSON object")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{} {}", 0, "not valid JSON")]
    public void A_header_is_refused_with_the_reason(string header, long dataBytes, string? reason)
    {
        var error = Record.Exception(() => SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(header), dataBytes));
        if (reason is null) Assert.Null(error);
        else Assert.Contains(reason, Assert.IsType<InvalidDataException>(error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 0x7b })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 127, 0x7b })]
    [InlineData(new byte[] { 0, 0, 0, 0x40, 0, 0, 0, 0, 0x7b, 0x7d })]
    public void A_header_length_beyond_the_file_is_refused_before_anything_is_allocated(byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a"], content);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(folder["a"])).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.StartsWith(folder["a"], message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_files_are_read_or_refused_never_a_crash_or_a_large_allocation()
    {
        using var folder = new TemporaryFolder();
        var seed = ValidFile(folder);
        var random = new CounterRandom(5);
        var refused = 0;
        for (var i = 0; i < 10_000; i++)
        {
            using var scope = NewDisposeScope();
            var mutated = Mutations.Of(seed, ref random);
            File.WriteAllBytes(folder["mutated"], mutated);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var reader = SafetensorsReader.Open(folder["mutated"]);
                foreach (var entry in reader.Header.Tensors.Values)
                    Assert.Equal(entry.Bytes, reader.Read(entry.Name).numel() * reader.Read(entry.Name).element_size());
            }
            catch (InvalidDataException)
            {
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }

        Assert.InRange(refused, 5_000, 9_990);
    }

    private static byte[] ValidFile(TemporaryFolder folder)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder["seed"], new Dictionary<string, Tensor>
        {
            ["model.embed_tokens.weight"] = ones(4, 3),
            ["model.norm.weight"] = ones(3).to(ScalarType.BFloat16),
            ["empty"] = ones(0, 7),
            ["step"] = tensor(5L),
        }, new Dictionary<string, string> { ["format"] = "pt" });
        return File.ReadAllBytes(folder["seed"]);
    }
}
