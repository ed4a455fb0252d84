using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.LowRank;

/// <summary>A low-rank adapter of a model: two small matrices for every target projection. Owns them.</summary>
public sealed class LowRankAdapter : IDisposable
{
    private LowRankAdapter(AdapterSettings settings, IReadOnlyList<LowRankMatrix> matrices) => (Settings, Matrices) = (settings, matrices);

    public AdapterSettings Settings { get; }

    /// <summary>In the order of the model's tensors.</summary>
    public IReadOnlyList<LowRankMatrix> Matrices { get; }

    /// <summary>Every small matrix, A and then B of each target.</summary>
    public IReadOnlyList<Tensor> Tensors => [.. Matrices.SelectMany(matrix => new[] { matrix.Down_RxI, matrix.Up_OxR })];

    /// <summary>As adapters start: A uniform within 1/sqrt(inputs), B zero, so that nothing is changed yet.</summary>
    public static LowRankAdapter Random(ModelConfig config, AdapterSettings settings, ulong seed)
    {
        using var scope = NewDisposeScope();
        return Make(config, settings, (target, isDown, shape) =>
        {
            if (!isDown) return zeros(shape);
            var random = new CounterRandom(Seeds.For(seed, target.Name));
            var bound = 1 / Math.Sqrt(shape[1]);
            var values = new float[shape[0] * shape[1]];
            for (var i = 0; i < values.Length; i++) values[i] = (float)((2 * random.NextDouble() - 1) * bound);
            return tensor(values, shape);
        });
    }

    /// <param name="make">Gives each matrix: of a target's A (true, [R, I]) or B (false, [O, R]).</param>
    internal static LowRankAdapter Make(ModelConfig config, AdapterSettings settings, Func<CheckpointTensor, bool, long[], Tensor> make) =>
        new(settings, [.. Targets(config, settings).Select(target => new LowRankMatrix(
            ModuleOf(target),
            target.Parameter,
            target.FirstRow,
            make(target, true, [settings.Rank, target.Shape[1]]).DetachFromDisposeScope(),
            make(target, false, [target.Shape[0], settings.Rank]).DetachFromDisposeScope()))]);

    /// <summary>The projections that the settings name, in every layer.</summary>
    internal static IEnumerable<CheckpointTensor> Targets(ModelConfig config, AdapterSettings settings) =>
        LlamaLayout.Tensors(config).Where(tensor => tensor.Shape.Length == 2 && settings.Targets.Contains(ModuleOf(tensor).Split('.')[^1]));

    internal static string ModuleOf(CheckpointTensor tensor) => tensor.Name[..tensor.Name.LastIndexOf('.')];

    /// <summary>
    /// A model with the adapter merged in; the caller's. What the adapter leaves alone is the base's own memory, so the base must
    /// stay as long.
    /// </summary>
    public DecoderModel Merged(DecoderModel basis)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var changed = Matrices.Select(matrix => matrix.Parameter).ToHashSet();
        var merged = DecoderModel.FromParameters(
            basis.Config, [.. basis.Parameters.Select((parameter, number) => changed.Contains(number) ? parameter.detach().clone() : parameter.detach())]);
        MergeInto(merged, basis);
        return merged;
    }

    /// <summary>Sets the target matrices of a merged model anew, from the base's, so that nothing adds up. The base itself may be given, once.</summary>
    public void MergeInto(DecoderModel merged, DecoderModel basis)
    {
        using var frozen = no_grad();
        foreach (var matrix in Matrices)
        {
            using var scope = NewDisposeScope();
            matrix.RowsOf(merged.Parameters).copy_(matrix.RowsOf(basis.Parameters).Plus(matrix.Change(Settings.Scale).to(merged.Embedding_VxD.dtype)));
        }
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }
}
