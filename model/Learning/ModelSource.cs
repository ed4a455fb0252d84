using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Learning;

/// <summary>Where policy 0 comes from: the text form is <c>warmup:arithmetic[?target=0.40]</c> or <c>hf:FOLDER</c>.</summary>
internal abstract record ModelSource
{
    private const string Place = "model.source";
    private const string WarmupPrefix = "warmup:";
    private const string FolderPrefix = "hf:";

    private ModelSource() { }

    /// <summary>Makes the policy; the caller's.</summary>
    public abstract (DecoderModel Model, TokenizerFiles Tokenizer) Make(RunSpec spec, ShardThreads threads, IProgress<string> progress, CancellationToken cancellation);

    /// <summary>Checks what can be checked without making the policy.</summary>
    /// <exception cref="InvalidInputException">The folder is no model that can be read.</exception>
    public virtual void Validate() { }

    /// <summary>Shape and tokenizer, without any weight being read.</summary>
    /// <exception cref="InvalidInputException">The folder is no model that can be read.</exception>
    public abstract (ModelConfig Config, ITokenizer Tokenizer) Outline();

    /// <exception cref="InvalidInputException">Not a known form.</exception>
    public static ModelSource Parse(string text)
    {
        if (text.StartsWith(FolderPrefix, StringComparison.Ordinal)) return new Folder(text[FolderPrefix.Length..]);
        if (!text.StartsWith(WarmupPrefix, StringComparison.Ordinal)) throw Refuse($"'{text}' is unknown; use warmup:arithmetic or hf:FOLDER");
        var parts = text[WarmupPrefix.Length..].Split('?', 2);
        if (parts[0] != "arithmetic") throw Refuse($"there is no warm-up '{parts[0]}'; use warmup:arithmetic");
        return new Warmup(parts.Length == 1 ? Warmup.DefaultTarget : ReadTarget(parts[1]));
    }

    private static double ReadTarget(string option)
    {
        var pair = option.Split('=', 2);
        if (pair is not ["target", _]) throw Refuse($"option '{option}' is unknown; the only one is target, the success rate to reach");
        return double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var target) && target is >= Warmup.LeastTarget and <= Warmup.MostTarget
            ? target
            : throw Refuse($"target '{pair[1]}' must be a number from {Warmup.LeastTarget.ToString(CultureInfo.InvariantCulture)} to {Warmup.MostTarget.ToString(CultureInfo.InvariantCulture)}");
    }

    private static InvalidInputException Refuse(string problem) => new(Place, problem);

    /// <summary>A Hugging Face folder, converted to float32.</summary>
    public sealed record Folder(string Path) : ModelSource
    {
        /// <summary>Without a tokenizer the run would fail only at its first rollout.</summary>
        public override void Validate() => Outline();

        public override (ModelConfig Config, ITokenizer Tokenizer) Outline()
        {
            if (!Directory.Exists(Path)) throw Refuse($"there is no folder '{Path}'");
            return (ModelConfigFile.Read(Path), TokenizerLoader.Load(Path));
        }

        public override (DecoderModel Model, TokenizerFiles Tokenizer) Make(RunSpec spec, ShardThreads threads, IProgress<string> progress, CancellationToken cancellation)
        {
            progress.Report($"loading {Path}");
            return (CheckpointFolder.Load(Path), TokenizerFiles.From(Path));
        }
    }

    /// <summary>A small model trained from nothing until its mean success rate is <paramref name="Target"/>.</summary>
    public sealed record Warmup(double Target) : ModelSource
    {
        public const double DefaultTarget = 0.4;
        public const double LeastTarget = 0.01;
        /// <summary>Beyond it the warm-up's own training, made of easy problems, does not lead.</summary>
        public const double MostTarget = 0.6;

        public override (ModelConfig Config, ITokenizer Tokenizer) Outline() => (ArithmeticWarmup.Config, CharacterTokenizer.Arithmetic);

        public override (DecoderModel Model, TokenizerFiles Tokenizer) Make(RunSpec spec, ShardThreads threads, IProgress<string> progress, CancellationToken cancellation) =>
            new ArithmeticWarmup(spec, Target, threads).Run(progress, cancellation);
    }
}
