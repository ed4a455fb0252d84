using System.Text.Json.Serialization;
using KnapsackCloud.Core.Json;

namespace KnapsackCloud.Core.Contracts;

/// <summary>Only a low-rank adapter of the weights is trained (LoRA, arXiv 2106.09685): W + alpha / rank B A.</summary>
public sealed record AdapterSpec
{
    public const string PublishAdapter = "adapter";
    public const string PublishMerged = "merged";
    private const string All = "all";

    public static IReadOnlyList<string> AllTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Inner size of the small matrices, 1 to 1024.</summary>
    public int Rank { get; init; } = 16;
    /// <summary>Null: twice the rank.</summary>
    public double? Alpha { get; init; }
    /// <summary><c>all</c>, or names of projections with commas between.</summary>
    public string Targets { get; init; } = All;
    /// <summary>What a policy after the first is: the <c>adapter</c> alone, or <c>merged</c> whole weights.</summary>
    public string Publish { get; init; } = PublishAdapter;

    [JsonIgnore]
    public double EffectiveAlpha => Alpha ?? 2 * Rank;

    [JsonIgnore]
    public IReadOnlyList<string> TargetNames => Targets == All ? AllTargets : [.. AllTargets.Where(Targets.Split(',').Contains)];

    internal static AdapterSpec Read(ObjectReader reader)
    {
        var byDefault = new AdapterSpec();
        return new AdapterSpec
        {
            Rank = reader.Whole("rank", byDefault.Rank, 1, 1024),
            Alpha = reader.OptionalNumber("alpha", 1e-6, 1e6),
            Targets = reader.Text("targets", byDefault.Targets, Problem),
            Publish = reader.Choice("publish", byDefault.Publish, [PublishAdapter, PublishMerged]),
        };
    }

    private static string? Problem(string targets)
    {
        if (targets == All) return null;
        var unknown = targets.Split(',').Where(name => !AllTargets.Contains(name)).ToList();
        return unknown.Count == 0 ? null : $"has '{string.Join("', '", unknown)}'; use all, or some of {string.Join(",", AllTargets)}";
    }
}
