using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Adapters.Processes;

/// <summary>
/// A program that gets an answer a line as JSON and writes a verdict a line. It lives for one batch. When it fails on an answer (ends, writes
/// no verdict, takes too long) that answer has an error, and the next one is asked of a new process; after a few failures in
/// a row the rest of the batch is given up.
/// </summary>
internal sealed class ExternalVerifier(string name, string path, VerifierLimits limits, TimeProvider time) : IScorer
{
    private const int MostFailuresInARow = 3;

    public async Task<IReadOnlyList<Verdict>> ScoreAsync(IReadOnlyList<Answer> answers, CancellationToken cancellation)
    {
        var verdicts = new List<Verdict>(answers.Count);
        VerifierProcess? process = null;
        try
        {
            var failures = 0;
            foreach (var answer in answers)
            {
                if (failures == MostFailuresInARow)
                {
                    verdicts.Add(verdicts[^1]);
                    continue;
                }

                try
                {
                    process ??= VerifierProcess.Start(path, limits);
                    verdicts.Add(Read(await AskAsync(process, answer, cancellation).ConfigureAwait(false)));
                    failures = 0;
                }
                catch (Exception error) when (!cancellation.IsCancellationRequested)
                {
                    failures++;
                    verdicts.Add(Failure(error is OperationCanceledException ? $"took more than {limits.Time.TotalSeconds:0.###} s" : error.Message, process?.LastError));
                    process?.Dispose();
                    process = null;
                }
            }
        }
        finally
        {
            process?.Dispose();
        }

        return verdicts;
    }

    private async Task<string> AskAsync(VerifierProcess process, Answer answer, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(limits.Time, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        return await process.AskAsync(JsonSerializer.Serialize(answer, ExternalJson.Default.Answer), either.Token).ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">Neither a reward nor an error.</exception>
    private Verdict Read(string line)
    {
        ExternalVerdict? verdict;
        try
        {
            verdict = JsonSerializer.Deserialize(line, ExternalJson.Default.ExternalVerdict);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"wrote '{(line.Length > 80 ? line[..80] : line)}', which is no verdict: {error.Message}", error);
        }

        if (verdict is { Error: { } problem }) return new Verdict { Status = VerdictStatus.Error, Reason = problem };
        if (verdict?.Reward is not { } reward) throw new InvalidDataException("wrote a verdict with neither 'reward' nor 'error'");
        return Verdict.Of(Verifiers.External + name, reward, verdict.Reason ?? "");
    }

    private static Verdict Failure(string problem, string? lastError) =>
        new() { Status = VerdictStatus.Error, Reason = lastError is null ? problem : $"{problem} (its last words: {lastError})" };
}

/// <param name="Error">Why there is no reward.</param>
internal sealed record ExternalVerdict(double? Reward, string? Reason, string? Error);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(ExternalVerdict))]
internal sealed partial class ExternalJson : JsonSerializerContext;
