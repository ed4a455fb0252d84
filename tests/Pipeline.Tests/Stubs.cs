using System.Security.Cryptography;
using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A learner without tensors: its weights are a hash chain over everything it was ever taught, so that anything lost, doubled or out of order shows.</summary>
internal sealed class HashChainLearner : ILearner
{
    public const string WeightsFile = "model.bin";
    public const string StateFile = "state.bin";

    public void Prepare(RunSpec spec, string outputFolder, IProgress<string> progress, CancellationToken cancellation)
    {
        progress.Report("warming up");
        Write(outputFolder, $"seed {spec.Seed}", 0);
    }

    public LearningSummary Update(RunSpec spec, LearningInput input, string outputFolder, CancellationToken cancellation)
    {
        var (step, groups) = (input.Step, input.Batch.Groups);
        var text = new StringBuilder(File.ReadAllText(Path.Combine(input.BaseFolder, WeightsFile)));
        foreach (var group in groups)
        {
            text.AppendJoin(',', group.PromptIds).Append('|');
            foreach (var row in group.Rows) text.AppendJoin(',', row.CompletionIds).Append('/').AppendJoin(',', row.LogProbs).Append('/').Append(row.Advantage).Append(';');
        }
        Write(outputFolder, text.ToString(), step);
        return new LearningSummary
        {
            Step = step,
            Version = new PolicyVersion(step),
            Rows = groups.Sum(group => group.Rows.Count),
            PackedTokens = 1,
            RowTokens = 1,
            Updates = 1,
            Loss = 0,
            GradientNorm = 0,
            ClipFraction = 0,
            Entropy = 0,
            MaxLogProbMismatch = 0,
            Seconds = 0,
        };
    }

    private static void Write(string folder, string text, int step)
    {
        File.WriteAllText(Path.Combine(folder, WeightsFile), Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
        File.WriteAllText(Path.Combine(folder, StateFile), $"after step {step}");
    }
}

/// <summary>Opens what <see cref="HashChainLearner"/> made: a generator that answers right with a chance that differs by task and rises with the version.</summary>
internal sealed class HashChainPolicies(IPolicyFolders folders) : IPolicyLoader
{
    /// <summary>Runs inside each call of the generator.</summary>
    public Action<IReadOnlyList<GenerationPrompt>> OnGenerate { get; set; } = _ => { };

    public async Task<ILoadedPolicy> OpenAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        var weights = await File.ReadAllTextAsync(Path.Combine(await folders.FetchAsync(run, version, cancellation), HashChainLearner.WeightsFile), cancellation);
        return new Loaded(new Generator(Seeds.For((ulong)version.Value, weights), version, this));
    }

    private sealed record Loaded(IGenerator Generator) : ILoadedPolicy
    {
        public ITokenizer Tokenizer { get; } = new Letters();
        public void Dispose() { }
    }

    private sealed class Generator(ulong weights, PolicyVersion version, HashChainPolicies owner) : IGenerator
    {
        public Completion[][] Generate(IReadOnlyList<GenerationPrompt> prompts, SamplingSpec sampling, CancellationToken cancellation)
        {
            owner.OnGenerate(prompts);
            return [.. prompts.Select(prompt => prompt.Seeds.Select(seed => Sample(prompt.TokenIds, seed)).ToArray())];
        }

        private Completion Sample(int[] prompt, ulong seed)
        {
            var difficulty = (prompt[^1] % 10) / 10.0;
            var chance = Math.Clamp(1 - difficulty + (0.02 * version.Value), 0, 1);
            var right = CounterRandom.UniformAt(seed ^ weights, 0) < chance;
            int[] ids = right ? [prompt[^1], 0] : ['?', 'x', 0];
            float[] logProbs = [.. ids.Select((_, i) => (float)-CounterRandom.UniformAt(seed, (ulong)i + 1))];
            return new Completion(ids, logProbs, logProbs, StopReason.Eos);
        }
    }

    private sealed class Letters : ITokenizer
    {
        public int[] Encode(string text) => text.Contains('\u00e9', StringComparison.Ordinal)
            ? throw new FormatException("'\u00e9' is not in the vocabulary")
            : [.. text.Select(letter => (int)letter)];

        public string Decode(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Where(id => id != 0).Select(id => (char)id));
    }
}

/// <summary>Right is 1, wrong 0; a gold of <c>!</c> makes it throw and one of <c>~</c> makes it fail politely.</summary>
internal sealed class StubVerifier : IVerifier
{
    public string Name => "stub";

    public Verdict Score(string gold, string completion) => gold switch
    {
        "!" => throw new InvalidOperationException("the verifier broke"),
        "~" => new Verdict { Status = VerdictStatus.Error, Reason = "took too long" },
        _ => Verdict.Of("stub", gold == completion ? 1 : 0, ""),
    };
}
