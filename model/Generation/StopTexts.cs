namespace KnapsackCloud.Model.Generation;

/// <summary>Sees in the tokens of one completion, as they come, that one of the texts which end it is there. Single-use.</summary>
/// <param name="stops">None of them empty.</param>
/// <param name="textOf">The text that has become certain with a token.</param>
internal sealed class StopTexts(IReadOnlyList<string> stops, Func<int, string> textOf)
{
    private readonly int _longest = stops.Max(stop => stop.Length);
    private string _end = "";

    /// <returns>Whether a stop text ends in the text of this token.</returns>
    public bool Append(int id)
    {
        var text = _end + textOf(id);
        var met = stops.Any(stop => text.IndexOf(stop, Math.Max(0, _end.Length - stop.Length + 1), StringComparison.Ordinal) >= 0);
        _end = text.Length < _longest ? text : text[(text.Length - _longest + 1)..];
        return met;
    }
}
