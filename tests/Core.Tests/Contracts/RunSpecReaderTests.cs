using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Contracts;

public class RunSpecReaderTests
{
    [Fact]
    public void An_empty_spec_has_every_default() => Assert.Equal(new RunSpec { Allocation = new AllocationSpec { Scope = AllocationSpec.PoolScope, Min = 0 } }, RunSpecReader.Read("spec.json", "{}"));

    [Fact]
    public void A_spec_that_was_written_reads_back_the_same()
    {
        var spec = new RunSpec
        {
            Name = "mine",
            Seed = ulong.MaxValue,
            Steps = 7,
            Allocation = new AllocationSpec { Policy = "uniform", RolloutsPerTask = 4, Min = 2, Max = 16, Discount = 0.25 },
            Learning = new LearningSpec { Loss = "gspo", Normalisation = "prompt", ClipLow = 0.5, ClipHigh = 0.01, KlCoefficient = 0.1, KlReferenceEvery = 9, EntropyBonus = 0.2, LengthPenaltyTokens = 2 },
            Limits = new LimitsSpec { Rollouts = 1000, GpuSeconds = 1.5 },
        };
        Assert.Equal(spec, RunSpecReader.Read("spec.json", JsonSerializer.Serialize(spec, ContractsJson.Default.RunSpec)));
    }

    [Theory]
    [InlineData("""{ }""", "pool", 0)]
    [InlineData("""{ "allocation": { "policy": "rounds", "max": 6, "rolloutsPerTask": 4 } }""", "pool", 0)]
    [InlineData("""{ "allocation": { "policy": "uniform" } }""", "batch", 2)]
    [InlineData("""{ "allocation": { "min": 4 } }""", "batch", 4)]
    [InlineData("""{ "allocation": { "scope": "batch" } }""", "batch", 2)]
    [InlineData("""{ "tasks": { "selection": "thompson" } }""", "batch", 2)]
    [InlineData("""{ "tasks": { "selection": "thompson" }, "allocation": { "policy": "posterior" } }""", "batch", 2)]
    public void A_policy_chooses_from_the_pool_where_nothing_speaks_of_a_drawn_batch(string spec, string scope, int min)
    {
        var read = RunSpecReader.Read("spec.json", spec);
        Assert.Equal((scope, min), (read.Allocation.Scope, read.Allocation.Min));
        Assert.True(read.Allocation.Pool.Opening <= read.Allocation.Max);
        Assert.Equal(read, RunSpecReader.Read("spec.json", JsonSerializer.Serialize(read, ContractsJson.Default.RunSpec)));
    }

    [Fact]
    public void A_pool_of_which_tasks_would_be_drawn_is_refused() =>
        Assert.Contains("thompson", Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("spec.json", """{ "tasks": { "selection": "thompson" }, "allocation": { "scope": "pool" } }""")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pool_has_no_minimum_and_needs_a_policy_that_chooses()
    {
        var pool = RunSpecReader.Read("spec.json", """{ "allocation": { "scope": "pool", "policy": "rounds", "pool": { "coolDown": 9 }, "parameters": { "pilot": 16 } } }""");
        Assert.Equal((0, 9, 16), (pool.Allocation.Min, pool.Allocation.Pool.CoolDown, pool.Allocation.Parameters.Pilot));
        Assert.Equal(pool, RunSpecReader.Read("spec.json", JsonSerializer.Serialize(pool, ContractsJson.Default.RunSpec)));
        var refused = Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("spec.json", """{ "allocation": { "scope": "pool", "policy": "uniform", "min": 2, "pool": { "opening": 64 } } }"""));
        Assert.Equal(["spec.json:1 allocation.min", "spec.json:1 allocation.pool", "spec.json:1 allocation.scope"], refused.Errors.Select(error => error.Place).Order());
    }

    [Fact]
    public void A_loss_brings_the_settings_of_its_paper_and_a_spec_may_differ()
    {
        foreach (var loss in LossPresets.Names)
            Assert.Equal(LossPresets.Of(loss), RunSpecReader.Read("spec.json", $$"""{ "learning": { "loss": "{{loss}}" } }""").Learning);

        var learning = RunSpecReader.Read("spec.json", """{ "learning": { "loss": "gspo", "clipLow": 0.1, "normalisation": "prompt" } }""").Learning;
        Assert.Equal(LossPresets.Of("gspo") with { ClipLow = 0.1, Normalisation = "prompt" }, learning);
    }

    [Theory]
    [InlineData("""{ "loss": "ppo" }""", "learning.loss")]
    [InlineData("""{ "normalisation": "batch" }""", "learning.normalisation")]
    [InlineData("""{ "advantages": "rank" }""", "learning.advantages")]
    [InlineData("""{ "overlong": "drop" }""", "learning.overlong")]
    [InlineData("""{ "schedule": "linear" }""", "learning.schedule")]
    [InlineData("""{ "loss": "gspo", "dualClip": 3 }""", "learning.dualClip")]
    [InlineData("""{ "dualClip": 1.1 }""", "learning.dualClip")]
    [InlineData("""{ "klReferenceEvery": 10 }""", "learning.klReferenceEvery")]
    [InlineData("""{ "lengthPenaltyTokens": 8 }""", "learning.lengthPenaltyTokens")]
    [InlineData("""{ "accumulateSteps": 0 }""", "learning.accumulateSteps")]
    [InlineData("""{ "accumulateSteps": 2, "minibatchRows": 64 }""", "learning.minibatchRows")]
    [InlineData("""{ "lengthPenaltyTokens": 3, "overlong": "filter" }""", "learning.lengthPenaltyTokens")]
    public void Learning_settings_that_have_no_meaning_are_refused(string learning, string member)
    {
        var errors = Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("my.json", $$"""{ "learning": {{learning}} }""")).Errors;
        Assert.Equal([$"my.json:1 {member}"], errors.Select(error => error.Place));
    }

    [Theory]
    [InlineData("maths")]
    [InlineData("maths + 0.1*format")]
    [InlineData("0.5*exact+-0.25*repetition")]
    public void A_verifier_may_be_a_weighted_sum(string verifier) =>
        Assert.Equal(verifier, RunSpecReader.Read("a.json", $$"""{ "tasks": { "verifier": "{{verifier}}" } }""").Tasks.Verifier);

    [Theory]
    [InlineData("maths + half*format + guess", "half*format", "'guess' is unknown; choose one of choice, countdown")]
    [InlineData("maths + ", "'' is unknown")]
    [InlineData("maths + 0.1*format + format", "'format' is added more than once")]
    [InlineData("NaN*maths", "NaN*maths")]
    public void Every_wrong_term_of_a_weighted_sum_is_refused_with_its_cure(string verifier, params string[] problems)
    {
        var errors = Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", $$"""{ "tasks": { "verifier": "{{verifier}}" } }""")).Errors;
        Assert.All(errors, error => Assert.Equal("a.json:1 tasks.verifier", error.Place));
        Assert.Equal(problems.Length, errors.Count);
        Assert.All(errors.Zip(problems), pair => Assert.Contains(pair.Second, pair.First.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void What_ends_a_completion_is_read_as_it_is_written_and_survives_the_store()
    {
        var spec = RunSpecReader.Read("spec.json", """{ "sampling": { "minTokens": 2, "stop": ["\n\n", "</answer>"], "stopTokens": [7, 0] } }""");
        Assert.Equal(new SamplingSpec { MinTokens = 2, Stop = ["\n\n", "</answer>"], StopTokens = [7, 0] }, spec.Sampling);
        Assert.NotEqual(new SamplingSpec { MinTokens = 2, Stop = ["\n\n"], StopTokens = [7, 0] }, spec.Sampling);
        Assert.Equal(spec, JsonSerializer.Deserialize(JsonSerializer.Serialize(spec, ContractsJson.Default.RunSpec), ContractsJson.Default.RunSpec));
    }

    [Fact]
    public void Comments_and_trailing_commas_are_for_people() =>
        Assert.Equal(3, RunSpecReader.Read("spec.json", "{ // how long\n \"steps\": 3, }").Steps);

    [Fact]
    public void Every_error_is_listed_with_its_line_and_member()
    {
        const string json = """
            {
              "name": "Not Valid",
              "seed": -1,
              "steps": 0,
              "stepz": 5,
              "model": { "source": "ftp://x" },
              "tasks": { "verifier": "magic", "perStep": 1.5 },
              "allocation": { "policy": "best", "min": 1, "max": 4, "unit": "euros", "rounds": 0, "pool": { "opening": 1 }, "parameters": { "skipAbove": 0.1, "pilto": 3 } },
              "sampling": { "temperature": -1, "topP": 0, "maxTokens": "7", "minTokens": 8, "stop": ["\n", ""], "stopTokens": [-1] },
              "learning": { "learningRate": 1e99, "maxLag": 17, "importanceCap": 0.5, "loss": 3 },
              "limits": { "usd": 5, "gpu": "abacus" }
            }
            """;
        var errors = Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("my.json", json)).Errors;
        string[] places =
        [
            "my.json:2 name", "my.json:3 seed", "my.json:4 steps", "my.json:5 stepz", "my.json:6 model.source",
            "my.json:7 tasks.perStep", "my.json:7 tasks.verifier",
            "my.json:8 allocation.max", "my.json:8 allocation.min", "my.json:8 allocation.parameters.deferBelow", "my.json:8 allocation.parameters.pilto", "my.json:8 allocation.policy", "my.json:8 allocation.pool.opening", "my.json:8 allocation.rounds", "my.json:8 allocation.unit",
            "my.json:9 sampling.maxTokens", "my.json:9 sampling.minTokens", "my.json:9 sampling.stop", "my.json:9 sampling.stopTokens", "my.json:9 sampling.temperature", "my.json:9 sampling.topP",
            "my.json:10 learning.importanceCap", "my.json:10 learning.learningRate", "my.json:10 learning.loss", "my.json:10 learning.maxLag", "my.json:11 limits.gpu", "my.json:11 limits.usd",
        ];
        Assert.Equal(places.Order(StringComparer.Ordinal), errors.Select(error => error.Place).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "my.json:1")]
    [InlineData("{\n \"steps\": }", "my.json:2")]
    [InlineData("{} {}", "my.json:1")]
    [InlineData("{ \"steps\": 1, \"steps\": 2 }", "my.json:1")]
    [InlineData("[]", "my.json:1")]
    [InlineData("{\n \"name\": \"\\ud800\" }", "my.json:2")]
    public void What_is_no_JSON_object_is_refused_with_its_line(string json, string place) =>
        Assert.Equal(place, Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("my.json", json)).Errors[0].Place);

    [Fact]
    public void Depth_is_bounded() =>
        Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("my.json", new string('[', 100_000)));

    [Fact]
    public void Prompts_may_be_turns_of_a_conversation()
    {
        Assert.Equal(PromptFormat.Plain, RunSpecReader.Read("a.json", "{}").Tasks.PromptFormat);
        Assert.Equal(new PromptFormat(true, "Be brief."), RunSpecReader.Read("a.json", """{"tasks":{"chat":true,"system":"Be brief."}}""").Tasks.PromptFormat);
        Assert.Contains("tasks.system", Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", """{"tasks":{"system":"x"}}""")).Message, StringComparison.Ordinal);
        Assert.Contains("tasks.chat", Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", """{"tasks":{"chat":"yes"}}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_may_train_an_adapter()
    {
        Assert.Null(RunSpecReader.Read("a.json", "{}").Model.Adapter);
        Assert.Null(RunSpecReader.Read("a.json", """{"model":{"adapter":null}}""").Model.Adapter);
        var adapter = RunSpecReader.Read("a.json", """{"model":{"adapter":{"rank":8,"targets":"v_proj,q_proj","publish":"merged"}}}""").Model.Adapter!;
        Assert.Equal((8, 16.0, "merged"), (adapter.Rank, adapter.EffectiveAlpha, adapter.Publish));
        Assert.Equal(["q_proj", "v_proj"], adapter.TargetNames);
        Assert.Equal(7, RunSpecReader.Read("a.json", """{"model":{"adapter":{}}}""").Model.Adapter!.TargetNames.Count);
        var errors = Assert.Throws<InvalidInputException>(() =>
            RunSpecReader.Read("a.json", """{"model":{"adapter":{"rank":0,"targets":"q_proj,lm_head","publish":"weights","r":1}}}""")).Errors;
        Assert.Equal(4, errors.Count);
        Assert.Contains(errors, error => error.ToString().Contains("lm_head", StringComparison.Ordinal));
    }
}
