using System.Text.Json;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Weights;

/// <summary>Scaled rotary positions in config.json: <c>rope_scaling</c>, or <c>rope_parameters</c> as transformers 5 writes it.</summary>
internal static class RopeScalingMembers
{
    private const string Member = "rope_scaling";
    private const string NewMember = "rope_parameters";
    private const string Llama3 = "llama3";
    private const string Yarn = "yarn";
    private const string Original = "original_max_position_embeddings";

    /// <summary>Null when positions are not scaled.</summary>
    public static RopeScaling? Read(JsonMembers members, int positions)
    {
        var scaling = members.Nested(Member) ?? members.Nested(NewMember);
        return (scaling?.Text("rope_type") ?? scaling?.Text("type")) switch
        {
            null when scaling is null || !(scaling.TryGet("rope_type", out _) || scaling.TryGet("type", out _) || scaling.TryGet("factor", out _)) => null,
            "default" => null,
            Llama3 => ReadLlama3(scaling!),
            Yarn => ReadYarn(scaling!, positions),
            var type => Refuse(type is null ? "without a type" : $"\"{type}\""),
        };

        RopeScaling? Refuse(string type)
        {
            scaling!.Refuse("rope_type", $"is {type}; supported: default, {Llama3}, {Yarn}");
            return null;
        }
    }

    public static void Write(Utf8JsonWriter json, RopeScaling? scaling)
    {
        if (scaling is null)
        {
            json.WriteNull(Member);
            return;
        }

        json.WriteStartObject(Member);
        json.WriteNumber("factor", scaling.Factor);
        json.WriteNumber(Original, scaling.OriginalPositions);
        if (scaling is RopeScaling.Llama3 llama) WriteLlama3(json, llama);
        else if (scaling is RopeScaling.Yarn yarn) WriteYarn(json, yarn);
        json.WriteEndObject();
    }

    private static RopeScaling.Llama3 ReadLlama3(JsonMembers members)
    {
        var scaling = new RopeScaling.Llama3
        {
            Factor = Factor(members),
            OriginalPositions = members.Integer(Original, 1, int.MaxValue),
            LowFrequencyFactor = members.Positive("low_freq_factor"),
            HighFrequencyFactor = members.Positive("high_freq_factor"),
        };
        if (members.TryGet("high_freq_factor", out _) && scaling.HighFrequencyFactor <= scaling.LowFrequencyFactor)
            members.Refuse("high_freq_factor", $"is {scaling.HighFrequencyFactor}, but must be above low_freq_factor {scaling.LowFrequencyFactor}");
        return scaling;
    }

    private static RopeScaling.Yarn ReadYarn(JsonMembers members, int positions)
    {
        foreach (var unknown in new[] { "mscale", "mscale_all_dim", "truncate" })
        {
            if (members.TryGet(unknown, out _)) members.Refuse(unknown, $"is not supported with {Yarn}");
        }

        var scaling = new RopeScaling.Yarn
        {
            Factor = Factor(members),
            OriginalPositions = members.Integer(Original, 1, int.MaxValue, positions),
            BetaFast = members.Positive("beta_fast", 32),
            BetaSlow = members.Positive("beta_slow", 1),
            AttentionFactor = members.TryGet("attention_factor", out _) ? members.Positive("attention_factor") : null,
        };
        if (scaling.BetaFast < scaling.BetaSlow) members.Refuse("beta_fast", $"is {scaling.BetaFast}, but must not be below beta_slow {scaling.BetaSlow}");
        return scaling;
    }

    private static double Factor(JsonMembers members)
    {
        var factor = members.Positive("factor");
        if (factor < 1) members.Refuse("factor", $"is {factor}, but must be 1 or more");
        return factor;
    }

    private static void WriteLlama3(Utf8JsonWriter json, RopeScaling.Llama3 scaling)
    {
        json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
        json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
        json.WriteString("rope_type", Llama3);
    }

    private static void WriteYarn(Utf8JsonWriter json, RopeScaling.Yarn scaling)
    {
        json.WriteNumber("beta_fast", scaling.BetaFast);
        json.WriteNumber("beta_slow", scaling.BetaSlow);
        if (scaling.AttentionFactor is { } factor) json.WriteNumber("attention_factor", factor);
        json.WriteString("rope_type", Yarn);
    }
}
