using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Transformer;

/// <summary>The largest of some numbers.</summary>
internal static class Maximum
{
    /// <summary>Of sixteen.</summary>
    public static float Of(Vector512<float> lanes)
    {
        var quarters = Vector256.Max(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.Max(quarters.GetLower(), quarters.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    /// <summary>Not a number when any value is (IEEE 754 maximum), minus infinity when there is none.</summary>
    public static float Of(ReadOnlySpan<float> values)
    {
        var at = 0;
        var lanes = Vector512.Create(float.NegativeInfinity);
        for (; at <= values.Length - Vector512<float>.Count; at += Vector512<float>.Count) lanes = Vector512.Max(lanes, Vector512.Create(values[at..]));
        var most = float.NegativeInfinity;
        for (var lane = 0; lane < Vector512<float>.Count; lane++) most = MathF.Max(most, lanes[lane]);
        for (; at < values.Length; at++) most = MathF.Max(most, values[at]);
        return most;
    }
}
