namespace KnapsackCloud.Core.Contracts;

/// <summary>One thing wrong with what a user gave, and where. <paramref name="Problem"/> says what was found and what is wanted.</summary>
/// <param name="Place">File, line and member as far as known, such as <c>spec.json:12 allocation.min</c>.</param>
/// <param name="Problem">What is wrong and the cure, in one sentence.</param>
public sealed record InputError(string Place, string Problem)
{
    public override string ToString() => Place.Length == 0 ? Problem : $"{Place}: {Problem}";
}

/// <summary>Input was refused before any work or cost; carries every problem found, not only the first.</summary>
public sealed class InvalidInputException(IReadOnlyList<InputError> errors)
    : Exception(string.Join(Environment.NewLine, errors))
{
    public InvalidInputException(string place, string problem) : this([new InputError(place, problem)]) { }

    public IReadOnlyList<InputError> Errors { get; } = errors;
}
