using System.Text.RegularExpressions;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Core.Stages;

/// <summary>The runs of a store, those started last first: a run's id ends in its start time, so the order needs no blob read.</summary>
public sealed partial class RunCatalog(IRunStore store, RunStatusStore statuses)
{
    private const int ReadsAtOnce = 16;

    /// <summary>Ids of all runs, also of those whose start did not get as far as a status.</summary>
    public async Task<IReadOnlyList<RunId>> ListIdsAsync(CancellationToken cancellation)
    {
        var ids = new List<RunId>();
        await foreach (var name in store.ListFoldersAsync(BlobNames.RunsPrefix, cancellation))
            if (RunId.TryParse(name, out var id)) ids.Add(id);
        return [.. ids.OrderByDescending(StartOf, StringComparer.Ordinal).ThenBy(id => id.Value, StringComparer.Ordinal)];
    }

    /// <summary>At most <paramref name="limit"/> statuses of runs that come after a run in the order; a run that is not there has no place in it, and nothing comes after it.</summary>
    /// <param name="after">Null for the first page.</param>
    public async Task<RunPage> ReadPageAsync(RunId? after, int limit, CancellationToken cancellation)
    {
        IEnumerable<RunId> rest = await ListIdsAsync(cancellation);
        if (after is { } last) rest = rest.SkipWhile(id => id != last).Skip(1);
        var (page, unreadable) = (new List<RunStatus>(), new List<InvalidDataException>());
        foreach (var ids in rest.Chunk(ReadsAtOnce))
        {
            page.AddRange((await Task.WhenAll(ids.Select(id => ReadAsync(id, unreadable, cancellation)))).OfType<RunStatus>());
            if (page.Count >= limit) break;
        }
        return new RunPage([.. page.Take(limit)], unreadable);
    }

    private async Task<RunStatus?> ReadAsync(RunId id, List<InvalidDataException> unreadable, CancellationToken cancellation)
    {
        try
        {
            return await statuses.ReadAsync(id, cancellation);
        }
        catch (InvalidDataException error)
        {
            lock (unreadable) unreadable.Add(error);
            return null;
        }
    }

    /// <summary>Start time and number of the id as one text of fixed width; empty for an id of another form.</summary>
    private static string StartOf(RunId id) =>
        Start().Match(id.Value) is { Success: true } match ? match.Groups["time"].Value + match.Groups["number"].Value.PadLeft(RunId.MaxLength, '0') : "";

    [GeneratedRegex("-(?<time>[0-9]{8}-[0-9]{6})(-(?<number>[0-9]+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Start();
}

/// <summary>Some runs of a store.</summary>
/// <param name="Unreadable">Of runs met on the way whose status is damaged: they are in no page.</param>
public sealed record RunPage(IReadOnlyList<RunStatus> Runs, IReadOnlyList<InvalidDataException> Unreadable);
