using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Learning;

public class ArithmeticWarmupTests
{
    // One-digit addition is learnt in a few steps.
    private static readonly RunSpec Spec = new()
    {
        Seed = 2,
        Model = new ModelSpec { Source = "warmup:arithmetic?target=0.03" },
        Tasks = new TaskSpec { Source = "arithmetic:add1" },
    };

    [Fact]
    public void A_policy_is_trained_until_its_success_rate_is_the_target_and_again_to_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (new Notes(), new Notes());
        using (var learner = new GrpoLearner(TimeProvider.System)) learner.Prepare(Spec, folder["first"], first, TestContext.Current.CancellationToken);
        using (var learner = new GrpoLearner(TimeProvider.System, threads: 1)) learner.Prepare(Spec, folder["second"], second, TestContext.Current.CancellationToken);

        Assert.Matches(@"^warm-up \d+ steps, success rate 0\.\d\d \(target 0\.03\)$", first.Lines[^1]);
        Assert.Equal(first.Lines, second.Lines);
        foreach (var file in new[] { "model.safetensors", "training_state.json", "config.json", "tokenizer.json" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder["first"], file)), File.ReadAllBytes(Path.Combine(folder["second"], file)));
        Assert.Equal([2, 3, 12], TokenizerLoader.Load(folder["first"]).Encode("01+"));
    }

    [Fact]
    public void Problems_are_never_held_out_ones()
    {
        var families = Core.Tasks.ProceduralSource.Parse("arithmetic:add1").Families;
        var heldOut = new HashSet<string> { "10000+20000=", "30000+40000=" };
        var tokenizer = CharacterTokenizer.Arithmetic;

        var prompts = new WarmupProblems(families, heldOut, seed: 1).Draw(2000).Select(group => tokenizer.Decode(group.PromptIds)).ToHashSet();

        Assert.Equal(98, prompts.Count);
        Assert.Empty(prompts.Intersect(heldOut));
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using var folder = new TemporaryFolder();
        using var learner = new GrpoLearner(TimeProvider.System);

        Assert.Throws<OperationCanceledException>(() => learner.Prepare(Spec, folder["0"], new Notes(), new CancellationToken(true)));
    }
}
