using System.Globalization;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>What is compared: an allocation policy with its settings under a loss normalisation.</summary>
/// <param name="Name">As the user wrote it, such as <c>posterior:scope=pool</c>.</param>
internal sealed record ArmDesign(string Name, string Loss, IReadOnlyList<SpecSetting> Settings)
{
    private const string Allocation = "allocation.";

    /// <param name="text">A policy, then settings of <c>allocation</c>, all separated by colons; pool scope implies <c>min=0</c>.</param>
    /// <exception cref="InvalidInputException">A setting has no '='.</exception>
    public static ArmDesign Parse(string text, string loss)
    {
        var parts = text.Split(':');
        var settings = parts[1..].Select(part => SpecSetting.Parse("--policies", Allocation + part)).ToList();
        if (settings.Contains(new SpecSetting(Allocation + "scope", AllocationSpec.PoolScope)) && settings.TrueForAll(setting => setting.Path != Allocation + "min"))
            settings.Add(new SpecSetting(Allocation + "min", "0"));
        return new ArmDesign(text, loss, [new SpecSetting(Allocation + "policy", parts[0]), new SpecSetting("learning.normalisation", loss), .. settings]);
    }
}

/// <summary>One run of a comparison.</summary>
/// <param name="Tuning">Only chooses the arm's learning rate.</param>
internal sealed record RunDesign(ArmDesign Arm, double LearningRate, ulong Seed, bool Tuning)
{
    public IReadOnlyList<SpecSetting> Settings { get; } =
    [
        .. Arm.Settings,
        new SpecSetting("learning.learningRate", LearningRate.ToString("R", CultureInfo.InvariantCulture)),
        new SpecSetting("seed", Seed.ToString(CultureInfo.InvariantCulture)),
    ];

    public override string ToString() => FormattableString.Invariant($"{Arm.Name}, {Arm.Loss}, rate {LearningRate}, seed {Seed}");
}
