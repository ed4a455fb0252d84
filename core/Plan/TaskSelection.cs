using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Plan;

/// <summary>Which tasks of the pool a step works on.</summary>
public static class TaskSelection
{
    public const string Epochs = "epochs";
    public const string Thompson = "thompson";

    /// <summary>As in a spec.</summary>
    public static IReadOnlyList<string> Names { get; } = [Epochs, Thompson];

    /// <summary>
    /// Each epoch is a fresh permutation of the pool, cut into steps; the few tasks at its end that fill no whole step wait for
    /// the next epoch. A pure function: any step can be asked for alone, and again.
    /// </summary>
    /// <param name="step">From 1.</param>
    /// <returns><paramref name="perStep"/> distinct positions in the pool.</returns>
    /// <exception cref="InvalidInputException">The pool is smaller than a step.</exception>
    public static int[] ShuffledEpochs(ulong seed, int step, int poolSize, int perStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(perStep, 1);
        if (perStep > poolSize)
            throw new InvalidInputException("tasks.perStep", $"{perStep} is more than the {poolSize} tasks there are: lower it or enlarge the pool");
        var (epoch, within) = Math.DivRem(step - 1, poolSize / perStep);
        var order = new int[poolSize];
        for (var i = 0; i < poolSize; i++)
            order[i] = i;
        new CounterRandom(Seeds.For(seed, string.Create(CultureInfo.InvariantCulture, $"epoch/{epoch}"))).Shuffle(order.AsSpan());
        return order[(within * perStep)..((within + 1) * perStep)];
    }
}
