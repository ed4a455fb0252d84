using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Evaluating;

/// <summary>A model folder opened for several engines, which share its weights.</summary>
internal sealed class OpenModel : IDisposable
{
    private readonly DecoderModel _model;

    private OpenModel(DecoderModel model, ITokenizer tokenizer, int engines, EngineOptions options)
    {
        _model = model;
        Tokenizer = tokenizer;
        Engines = [.. Enumerable.Range(0, engines).Select(_ => new GenerationEngine(model, options, tokenizer))];
    }

    /// <summary>Prompt and completion together.</summary>
    public int MaxPositions => _model.Config.MaxPositionEmbeddings;
    public ITokenizer Tokenizer { get; }
    public IReadOnlyList<IGenerator> Engines { get; }

    /// <exception cref="InvalidInputException">No such folder, or not a model that can be read.</exception>
    public static OpenModel From(string folder, string? adapterFolder, int engines, GenerationPrecision precision)
    {
        var options = new EngineOptions { Precision = precision };
        var model = PolicyFolder.Load(folder, adapterFolder, options.WeightType);
        try
        {
            return new OpenModel(model, TokenizerLoader.Load(folder), engines, options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => _model.Dispose();
}
