using KnapsackCloud.Cli.Commands;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Cli.Verifying;

/// <summary>Times verifiers on the answers of a file, and one of them on hostile texts.</summary>
internal sealed class VerifyBenchmark(IReadOnlyList<VerifyCase> cases, TimeProvider time)
{
    private const double TooLong = 50;
    private const int Tries = 3;

    /// <summary>The answers again and again on this thread, for about so many seconds after one round of warming up.</summary>
    public VerifyTiming Time(IVerifier verifier, double seconds, CancellationToken cancellation)
    {
        foreach (var one in cases) verifier.Score(one.Gold, one.Prediction);
        var each = new List<double>();
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var one in cases) each.Add(Milliseconds(verifier, one.Gold, one.Prediction));
        }
        var rate = each.Count / time.GetElapsedTime(started).TotalSeconds;
        each.Sort();
        return new VerifyTiming(verifier.Name, rate, each[(int)(0.99 * each.Count)], each[^1]);
    }

    /// <summary>Texts against the gold answers of the file in turn, on all cores.</summary>
    public HostileResult Trouble(IVerifier verifier, string kind, int count, Func<int, string> text, CancellationToken cancellation)
    {
        var (exceptions, tooLong, slowest) = (0, 0, 0.0);
        var gate = new Lock();
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, n =>
        {
            try
            {
                var milliseconds = Least(verifier, cases[n % cases.Count].Gold, text(n));
                lock (gate) (tooLong, slowest) = (tooLong + (milliseconds > TooLong ? 1 : 0), Math.Max(slowest, milliseconds));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // What is measured here is that no text makes a verifier throw.
                Interlocked.Increment(ref exceptions);
            }
        });
        return new HostileResult(kind, count, exceptions, tooLong, slowest);
    }

    private double Least(IVerifier verifier, string gold, string answer)
    {
        var least = Milliseconds(verifier, gold, answer);
        for (var again = 1; again < Tries && least > TooLong / 5; again++) least = Math.Min(least, Milliseconds(verifier, gold, answer));
        return least;
    }

    private double Milliseconds(IVerifier verifier, string gold, string answer)
    {
        var started = time.GetTimestamp();
        verifier.Score(gold, answer);
        return time.GetElapsedTime(started).TotalMilliseconds;
    }
}

internal sealed record VerifyTiming(string Verifier, double AnswersPerSecond, double P99Milliseconds, double SlowestMilliseconds);

internal sealed record HostileResult(string Texts, int Count, int Exceptions, int Above50Milliseconds, double SlowestMilliseconds);

internal sealed record VerifyMeasurement(int Answers, double MeanCharacters, IReadOnlyList<VerifyTiming> Cases, IReadOnlyList<HostileResult> Hostile);
