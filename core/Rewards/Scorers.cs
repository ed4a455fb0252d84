using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>Scorers by the name a spec gives them: every name of <see cref="Verifiers"/>, and <c>external:NAME</c> among the terms.</summary>
/// <param name="external">A program of the user's by its name; throws <see cref="InvalidInputException"/> where there is none.</param>
public sealed class Scorers(Func<string, IScorer> external)
{
    /// <summary>Without programs of the user's.</summary>
    public static Scorers BuiltIn { get; } = new(name => throw new InvalidInputException(
        "verifier", $"'{Verifiers.External}{name}' is a program of yours: name the folder it is in (--verifiers, or Worker:VerifierFolder of a worker)"));

    /// <exception cref="InvalidInputException">The name is not known, or its program is not to be had here.</exception>
    public IScorer Create(string name)
    {
        var terms = Verifiers.Read(name);
        return terms is [{ Weight: 1 } alone] ? Term(alone) : new WeightedScorer([.. terms.Select(term => (term.Weight, term.Name, Term(term)))]);
    }

    private IScorer Term(VerifierTerm term) => term switch
    {
        { Verifier: { } verifier } => new VerifierScorer(verifier),
        { Shaped: { } shaped } => new CosineScorer(term.Name, Term(shaped)),
        _ => external(term.Name[Verifiers.External.Length..]),
    };
}

/// <summary>A verifier as a scorer.</summary>
public sealed class VerifierScorer(IVerifier verifier) : IScorer
{
    public Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation)
    {
        var verdicts = new Verdict[answers.Count];
        for (var i = 0; i < verdicts.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            verdicts[i] = Score(answers[i]);
        }

        return Task.FromResult<IReadOnlyList<Verdict>>(verdicts);
    }

    private Verdict Score(Answer answer)
    {
        try
        {
            return verifier.Score(answer.Gold, answer.Completion);
        }
        catch (Exception error)
        {
            // A verifier may be somebody's own code; one bad answer must cost one rollout, not the item.
            return new Verdict { Status = VerdictStatus.Error, Reason = $"{verifier.Name} threw {error.GetType().Name}: {error.Message}" };
        }
    }
}

/// <summary>A weighted sum of which some terms may be programs.</summary>
internal sealed class WeightedScorer(IReadOnlyList<(double Weight, string Name, IScorer Scorer)> terms) : IScorer
{
    public async Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation)
    {
        var verdicts = await Task.WhenAll(terms.Select(term => term.Scorer.ScoreAsync(answers, cancellation)));
        return [.. answers.Select((_, i) => WeightedSum.Of(terms.Select((term, at) => (term.Weight, term.Name, verdicts[at][i]))))];
    }
}
