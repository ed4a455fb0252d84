namespace KnapsackCloud.Core.Collect;

/// <summary>Chance that at least one of k rollouts of a task is right, estimated from n of them (Codex, arXiv 2107.03374, eq. 1).</summary>
public static class PassAtK
{
    /// <summary>1 - C(n - correct, k) / C(n, k), as a product that neither overflows nor cancels; unbiased.</summary>
    /// <param name="n">Rollouts of the task, at least <paramref name="k"/>.</param>
    public static double Estimate(int n, int correct, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, n);
        var noneRight = 1.0;
        for (var i = 0; i < k; i++) noneRight *= Math.Max(0, (double)(n - correct - i) / (n - i));
        return 1 - noneRight;
    }

    /// <summary>The k that are reported for n rollouts: powers of four up to n, and n itself.</summary>
    public static IReadOnlyList<int> ReportedFor(int n)
    {
        var ks = new List<int>();
        for (var k = 1; k < n; k *= 4) ks.Add(k);
        ks.Add(n);
        return ks;
    }
}
