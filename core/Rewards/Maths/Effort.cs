namespace KnapsackCloud.Core.Rewards.Maths;

/// <summary>
/// What one comparison may spend, counted in elementary steps and not in seconds, so that a verdict is the same on
/// every machine and under any load.
/// </summary>
internal sealed class Effort
{
    /// <summary>Some 10 to 20 ms at most on one core.</summary>
    public const int Default = 20_000;

    private int _left;

    public Effort(int units = Default) => _left = units;

    /// <exception cref="UndecidedException">All is spent.</exception>
    public void Spend(int units = 1)
    {
        _left -= units;
        if (_left < 0)
            throw new UndecidedException();
    }
}

/// <summary>A question that the algebra here cannot or may not decide. Never leaves the verifier.</summary>
internal sealed class UndecidedException() : Exception("Not decided.");
