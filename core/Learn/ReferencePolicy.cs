using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>Which version the KL penalty holds a policy to. Pure.</summary>
public static class ReferencePolicy
{
    /// <summary>Policy 0, or the newest version before the step that is a multiple of <see cref="LearningSpec.KlReferenceEvery"/>; null without a KL penalty.</summary>
    /// <param name="step">1 or more.</param>
    public static PolicyVersion? Of(LearningSpec learning, int step)
    {
        if (learning.KlCoefficient == 0) return null;
        var every = learning.KlReferenceEvery;
        return new PolicyVersion(every == 0 ? 0 : (step - 1) / every * every);
    }

    /// <summary>Whether the version is a reference at some step.</summary>
    public static bool IsReference(LearningSpec learning, int version) => Of(learning, version + 1)?.Value == version;
}
