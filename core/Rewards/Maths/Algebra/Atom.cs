using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>What a monomial is a product of. Two atoms are the same when their keys are.</summary>
/// <param name="key">Canonical text; orders the atoms.</param>
internal abstract class Atom(string key) : IEquatable<Atom>, IComparable<Atom>
{
    public string Key { get; } = key;

    public bool Equals(Atom? other) => other is not null && Key == other.Key;
    public override bool Equals(object? obj) => Equals(obj as Atom);
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);
    public int CompareTo(Atom? other) => string.CompareOrdinal(Key, other?.Key);

    /// <summary>A free symbol occurs in it.</summary>
    public abstract bool HasSymbols { get; }

    /// <summary>
    /// Equal values always have equal keys, given the atom's kind: symbols, π, e, i and prime roots are independent
    /// of one another, values of functions and nested roots need not be.
    /// </summary>
    public virtual bool IsIndependent => false;
}

internal sealed class SymbolAtom(string name) : Atom(name)
{
    public override bool HasSymbols => true;
    public override bool IsIndependent => true;
}

/// <summary><c>π</c> or <c>e</c>.</summary>
internal sealed class ConstantAtom(string name) : Atom(name)
{
    public static readonly ConstantAtom Pi = new("π");
    public static readonly ConstantAtom E = new("e");
    public override bool HasSymbols => false;
    public override bool IsIndependent => true;
}

/// <summary>The imaginary unit; its exponent is 0 or 1.</summary>
internal sealed class ImaginaryAtom() : Atom("i")
{
    public static readonly ImaginaryAtom Unit = new();
    public override bool HasSymbols => false;
    public override bool IsIndependent => true;
}

/// <summary>A prime, or an integer whose factors were too large to find; its exponent lies in (0, 1).</summary>
internal sealed class PrimeAtom(System.Numerics.BigInteger value) : Atom($"#{value}")
{
    public System.Numerics.BigInteger Value { get; } = value;
    public override bool HasSymbols => false;
    public override bool IsIndependent => true;
}

/// <summary>A sum under a root; its exponent lies in (0, 1).</summary>
internal sealed class RootAtom(Polynomial radicand) : Atom($"root({radicand.Key})")
{
    public Polynomial Radicand { get; } = radicand;
    public override bool HasSymbols => Radicand.HasSymbols;
}

/// <summary>A base raised to a monomial: <c>2^n</c>. Its rational exponent is the monomial's coefficient.</summary>
internal sealed class ExponentialAtom(string @base, string exponent, bool symbolic) : Atom($"exp({@base};{exponent})")
{
    public override bool HasSymbols => symbolic;
}

/// <summary>A function of canonical arguments.</summary>
internal sealed class FunctionAtom(string name, string arguments, bool symbolic) : Atom($"{name}({arguments})")
{
    public override bool HasSymbols => symbolic;

    /// <summary>The sine of the same argument, for a cosine.</summary>
    public FunctionAtom? Sine => name == "cos" ? new FunctionAtom("sin", arguments, symbolic) : null;
}

/// <summary>An atom with its exponent, never zero.</summary>
internal readonly record struct AtomPower(Atom Atom, Rational Exponent);
