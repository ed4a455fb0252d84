namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// What one row's log-probs are worth to an update, scalar and in double: the oracle of the same objective on tensors.
/// Stateless.
/// </summary>
public interface IRowObjective
{
    /// <param name="logProbs_T">The learner's log-probs.</param>
    /// <param name="old_T">Log-probs of the policy that the ratio compares with.</param>
    RowTerms Evaluate(ReadOnlySpan<double> logProbs_T, ReadOnlySpan<double> old_T, double advantage);
}

/// <param name="Values_T">To be maximised, one a token.</param>
/// <param name="Derivatives_T">Of the sum of the values, by each log-prob.</param>
/// <param name="Clipped">Tokens whose ratio was clipped.</param>
public sealed record RowTerms(double[] Values_T, double[] Derivatives_T, int Clipped);
