using System.Text.Json.Serialization;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Contracts;

/// <summary>What a user asks of a run. Read it with <c>RunSpecReader</c>, which lists every error; docs/run-spec.md has each member.</summary>
public sealed record RunSpec
{
    public string Name { get; init; } = "run";
    /// <summary>Every random choice of the run is derived from it.</summary>
    public ulong Seed { get; init; } = 1;
    /// <summary>Plan-to-publish trips, 1 to 1,000,000.</summary>
    public int Steps { get; init; } = 320;
    public ModelSpec Model { get; init; } = new();
    public TaskSpec Tasks { get; init; } = new();
    public AllocationSpec Allocation { get; init; } = new();
    public SamplingSpec Sampling { get; init; } = new();
    public SplittingSpec Splitting { get; init; } = new();
    public LearningSpec Learning { get; init; } = new();
    public EvaluationSpec Evaluation { get; init; } = new();
    public CheckpointSpec Checkpoints { get; init; } = new();
    public LimitsSpec Limits { get; init; } = new();
}

/// <summary>Where policy 0 comes from.</summary>
public sealed record ModelSpec
{
    /// <summary><c>warmup:arithmetic[?target=0.40]</c> trains a small model from nothing; <c>hf:FOLDER</c> takes a Hugging Face folder.</summary>
    public string Source { get; init; } = "warmup:arithmetic";
    /// <summary>Null: all weights are trained.</summary>
    public AdapterSpec? Adapter { get; init; }
}

public sealed record TaskSpec
{
    /// <summary><c>arithmetic:FAMILIES[?pool=1024&amp;weights=...&amp;heldOut=100]</c> or another procedural kind, or a file (.jsonl, .json, .csv, .tsv, .parquet).</summary>
    public string Source { get; init; } = "arithmetic:add1-5,sub1-5?pool=1024";
    /// <summary>Columns of a file; null: <c>prompt</c>, <c>gold</c>, <c>id</c>, <c>family</c>.</summary>
    public TaskLayout? Layout { get; init; }
    public string Verifier { get; init; } = "exact";
    /// <summary>Tasks drawn for a step.</summary>
    public int PerStep { get; init; } = 64;
    /// <summary>How they are drawn: <c>epochs</c> or <c>thompson</c>.</summary>
    public string Selection { get; init; } = "epochs";
    /// <summary>Prompts are the user's turn of a conversation, written by the model's chat template.</summary>
    public bool Chat { get; init; }
    /// <summary>With <see cref="Chat"/>: what the system says before it; null is no system turn.</summary>
    public string? System { get; init; }

    [JsonIgnore]
    public PromptFormat PromptFormat => new(Chat, System);
}

/// <summary>How a prompt's text is put before the model.</summary>
/// <param name="Chat">As the user's turn of a conversation.</param>
/// <param name="System">With <paramref name="Chat"/>: the system's turn before it.</param>
public sealed record PromptFormat(bool Chat = false, string? System = null)
{
    public static PromptFormat Plain { get; } = new();
}

public sealed record AllocationSpec
{
    public const string BatchScope = "batch";
    public const string PoolScope = "pool";

    public string Policy { get; init; } = "posterior";
    /// <summary>Step budget = this times the tasks of the step.</summary>
    public int RolloutsPerTask { get; init; } = 8;
    /// <summary>2 or more in a drawn batch; 0 in pool scope.</summary>
    public int Min { get; init; } = 2;
    public int Max { get; init; } = 32;
    /// <summary>What the policy chooses from: a drawn <c>batch</c>, or the whole <c>pool</c>.</summary>
    public string Scope { get; init; } = BatchScope;
    /// <summary>What the budget counts: <c>rollouts</c> or <c>tokens</c>.</summary>
    public string Unit { get; init; } = "rollouts";
    /// <summary>Most rounds of a step; null is the policy's own number.</summary>
    public int? Rounds { get; init; }
    /// <summary>Most that one step may spend, in uniform step budgets; null is the policy's own number.</summary>
    public double? BudgetFactor { get; init; }
    /// <summary>Share of a task's evidence kept at each visit, in (0, 1]: the policy moves, so old evidence fades.</summary>
    public double Discount { get; init; } = 0.5;
    /// <summary>Weight of the family prior in rollouts: how many outcomes of the task itself outweigh it. Null: fitted to the ledger before every step.</summary>
    public double? PriorStrength { get; init; }
    public PoolSpec Pool { get; init; } = new();
    public PolicyParameters Parameters { get; init; } = new();

    /// <summary>The whole pool is offered instead of a drawn batch.</summary>
    [JsonIgnore]
    public bool IsPool => Scope == PoolScope;
}

/// <summary>Allocation over the whole pool. Plainly it crowds into the one difficulty that teaches most; these spread it.</summary>
public sealed record PoolSpec
{
    /// <summary>Fewest rollouts of a task that is not left out, 2 or more.</summary>
    public int Opening { get; init; } = 8;
    /// <summary>Steps that a task rests after a visit.</summary>
    public int CoolDown { get; init; } = 3;
    /// <summary>Steps in which half of a task's evidence fades while it is left alone, so that it comes back.</summary>
    public double HalfLife { get; init; } = 32;
}

/// <summary>What the rules of thumb can be told; each policy reads its own and no other.</summary>
public sealed record PolicyParameters
{
    /// <summary>skip: chance that a task is tried again after one uniform group, in (0, 1].</summary>
    public double Explore { get; init; } = 0.5;
    /// <summary>refill, skip: tasks drawn beyond the step's, as a multiple of them.</summary>
    public int Reserve { get; init; } = 4;
    /// <summary>pilot-commit: rollouts of the pilot; null is half of rolloutsPerTask. Published: 16.</summary>
    public int? Pilot { get; init; }
    /// <summary>pilot-commit: rollouts of the commitment; null is three times the pilot. Published: 48.</summary>
    public int? Commit { get; init; }
    /// <summary>pilot-commit: no commitment above this success rate of the pilot.</summary>
    public double SkipAbove { get; init; } = 0.75;
    /// <summary>pilot-commit: no commitment below this success rate of the pilot.</summary>
    public double DeferBelow { get; init; } = 0.125;
    /// <summary>cero: step of the dual ascent of the price.</summary>
    public double PriceRate { get; init; } = 0.2;
    /// <summary>cero: price before the first step, in value per rollout of mean cost: about the marginal value of a ninth rollout of a task of middling difficulty.</summary>
    public double StartPrice { get; init; } = 1e-3;
}

/// <summary>How completions are sampled and where they end. Equal when every member is, the lists in their order.</summary>
public sealed record SamplingSpec
{
    /// <summary>0 is greedy.</summary>
    public double Temperature { get; init; } = 1;
    /// <summary>Nucleus mass in (0, 1]; 1 is off.</summary>
    public double TopP { get; init; } = 1;
    /// <summary>Most likely tokens kept; 0 is off.</summary>
    public int TopK { get; init; }
    /// <summary>Longest completion in tokens, end of sequence included.</summary>
    public int MaxTokens { get; init; } = 7;
    /// <summary>Shortest completion in tokens, its end included: until then no token that ends one is drawn, and no text ends one. 0 and 1 are off.</summary>
    public int MinTokens { get; init; }
    /// <summary>Texts that end a completion, itself their end; none of them empty.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];
    /// <summary>Token ids that end a completion beside the model's own ends of sequence.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    public bool Equals(SamplingSpec? other) =>
        other is not null && (Temperature, TopP, TopK, MaxTokens, MinTokens) == (other.Temperature, other.TopP, other.TopK, other.MaxTokens, other.MinTokens)
        && Stop.SequenceEqual(other.Stop) && StopTokens.SequenceEqual(other.StopTokens);

    public override int GetHashCode() => HashCode.Combine(Temperature, TopP, TopK, MaxTokens, MinTokens, Stop.Count, StopTokens.Count);
}

/// <summary>How a step's rollouts are cut into work items.</summary>
public sealed record SplittingSpec
{
    /// <summary>Predicted tokens of one work item; sized so that a worker takes 1 to 4 minutes.</summary>
    public int ItemTokens { get; init; } = 262_144;
    /// <summary>At least so many items a step (one per worker), as long as there are rollouts for them.</summary>
    public int MinItems { get; init; } = 2;
}

public sealed record EvaluationSpec
{
    /// <summary>Steps between evaluations; 0 is never. The first and the last policy are always evaluated when above 0.</summary>
    public int Every { get; init; } = 40;
    /// <summary><c>held-out</c> of the task source, or a file.</summary>
    public string Tasks { get; init; } = "held-out";
    /// <summary>Columns of the file; null: as those of the training tasks.</summary>
    public TaskLayout? Layout { get; init; }
    /// <summary>What becomes of training tasks that are among the file's: <c>refuse</c>, <c>drop</c> or <c>keep</c>.</summary>
    public string Overlap { get; init; } = TaskOverlap.Refuse;
    /// <summary>Rollouts per evaluation task.</summary>
    public int Samples { get; init; } = 4;
}

public sealed record CheckpointSpec
{
    /// <summary>Every so many versions one is kept for good; of the others only the last two stay. 0 keeps only those two, 1 keeps all.</summary>
    public int KeepEvery { get; init; } = 40;
}

/// <summary>Where a run stops with its work kept; null is no limit.</summary>
public sealed record LimitsSpec
{
    public long? Rollouts { get; init; }
    /// <summary>Seconds in which workers and learner were at work.</summary>
    public double? GpuSeconds { get; init; }
    /// <summary>Seconds since the run was started, pauses included.</summary>
    public double? Seconds { get; init; }
    /// <summary>US dollars: the GPU-seconds at the price of one <see cref="Gpu"/> replica.</summary>
    public double? Usd { get; init; }
    /// <summary>Name in the price list; null where nothing is priced.</summary>
    public string? Gpu { get; init; }
}
