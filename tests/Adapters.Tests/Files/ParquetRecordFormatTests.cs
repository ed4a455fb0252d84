using CsCheck;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Adapters.Tests.Files;

public class ParquetRecordFormatTests
{
    private static readonly ParquetRecordFormat Format = new();

    private static readonly Gen<double> Real = Gen.OneOf(Gen.Double.Unit, Gen.Const(0.1 + 0.2), Gen.Const(1e-300), Gen.Const(0.0));
    private static readonly Gen<string> Text = Gen.Int[0, 4].Select(i => new[] { "", "exact", "7 = 7", "é\n\t\"quoted\" 漢字", "null" }[i]);
    private static readonly Gen<int[]> Ids = Gen.Int[0, 150_000].Array[0, 9];

    private static readonly Gen<Trajectory> AnyTrajectory =
        Gen.Select(Gen.Select(Gen.Int[0, 9999], Gen.Int[0, 63], Ids, Ids, Gen.ULong), Gen.Select(Real, Gen.Bool, Text, Gen.Enum<StopReason>(), Real), (who, what) => new Trajectory
        {
            Task = TaskId.Parse($"task-{who.Item1}"),
            Index = who.Item2,
            GroupSize = who.Item2 + 1,
            PromptIds = who.Item3,
            CompletionIds = who.Item4,
            LogProbs = [.. who.Item4.Select(id => -id / 3f)],
            Reward = what.Item2 ? what.Item1 : null,
            RewardParts = what.Item2 ? [new RewardPart("exact", what.Item1), new RewardPart("format " + what.Item3, 1)] : [],
            Error = what.Item2 ? null : what.Item3,
            StopReason = what.Item4,
            Policy = new PolicyVersion(who.Item2),
            Sampling = new SamplingSpec { Temperature = what.Item5, TopP = 0.9, TopK = 5, MaxTokens = 9, MinTokens = 2, Stop = ["\n\n", what.Item3], StopTokens = [7, 1] },
            Seed = who.Item5,
            Worker = what.Item3,
            GenerationSeconds = what.Item5,
        });

    private static readonly Trajectory[] Some = [.. Enumerable.Range(0, 8).Select(i => new Trajectory
    {
        Task = TaskId.Parse($"task-{i}"),
        Index = i,
        GroupSize = 8,
        PromptIds = [1, 2, 3],
        CompletionIds = [.. Enumerable.Range(0, i)],
        LogProbs = [.. Enumerable.Range(0, i).Select(n => -n / 3f)],
        Reward = i % 3 == 0 ? null : i / 8.0,
        StopReason = StopReason.Eos,
        Policy = new PolicyVersion(1),
        Sampling = new SamplingSpec(),
        Seed = ulong.MaxValue - (ulong)i,
    })];

    private static readonly Gen<TaskRecord> AnyRecord = Gen.Select(Gen.Int[0, 9999], Text, Real, Real, Gen.Int[0, 99], (id, family, a, b, n) => new TaskRecord
    {
        Task = TaskId.Parse($"task-{id}"),
        Family = family,
        Successes = a,
        Failures = b,
        Visits = n,
        LastSuccessRate = b,
        MeanCompletionTokens = a * 100,
        LastStep = n,
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Trajectories_are_read_back_bit_for_bit() =>
        AnyTrajectory.Array[0, 20].Sample(rows => Assert.Equivalent(rows, RoundTrip(rows), strict: true));

    [Fact]
    public void Outcomes_are_the_trajectories_without_their_tokens() =>
        AnyTrajectory.Array[0, 20].Sample(rows =>
        {
            using var file = Written(output => Format.WriteTrajectoriesAsync(rows, output, Token));
            Assert.Equal(rows.Select(row => row.ToOutcome()), Format.ReadOutcomesAsync(file, Token).GetAwaiter().GetResult());
        });

    /// <summary>What summing up a step reads must not grow with the tokens in it: their pages may be spoiled without anybody noticing.</summary>
    [Fact]
    public async Task Outcomes_are_read_without_looking_at_a_token()
    {
        int[] ids = [.. Enumerable.Range(0, 4000).Select(i => i * 7919 % 151_643)];
        Trajectory[] rows = [Some[1] with { CompletionIds = ids, LogProbs = new float[ids.Length] }];
        var bytes = Written(output => Format.WriteTrajectoriesAsync(rows, output, Token)).ToArray();
        bytes.AsSpan(bytes.Length / 4, bytes.Length / 4).Clear();
        Assert.Equal(rows[0].ToOutcome(), Assert.Single(await Format.ReadOutcomesAsync(new MemoryStream(bytes), Token)));
        Assert.NotEqual(ids, (await Format.ReadTrajectoriesAsync(new MemoryStream(bytes), Token))[0].CompletionIds);
    }

    [Fact]
    public void Ledgers_are_read_back_bit_for_bit() =>
        AnyRecord.Array[0, 20].Sample(rows =>
        {
            using var file = Written(output => Format.WriteLedgerAsync(rows, output, Token));
            Assert.Equal(rows, Format.ReadLedgerAsync(file, Token).GetAwaiter().GetResult());
        });

    [Fact]
    public void The_same_rows_are_the_same_bytes()
    {
        Assert.Equal(Written(output => Format.WriteTrajectoriesAsync(Some, output, Token)).ToArray(), Written(output => Format.WriteTrajectoriesAsync(Some, output, Token)).ToArray());
    }

    [Fact]
    public async Task A_ledger_is_not_taken_for_trajectories()
    {
        using var file = Written(output => Format.WriteLedgerAsync([], output, Token));
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Format.ReadTrajectoriesAsync(file, Token));
        Assert.Contains("not a file of trajectories", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_one_kind_of_error()
    {
        var whole = Written(output => Format.WriteTrajectoriesAsync(Some, output, Token)).ToArray();
        Gen.Int[0, whole.Length - 1].Select(Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. whole];
            damaged[at] = value;
            AssertReadsOrRefuses(damaged);
        }, iter: 300);
        Gen.Int[0, whole.Length - 1].Sample(length => AssertReadsOrRefuses(whole[..length]), iter: 100);
    }

    [Fact]
    public async Task Random_bytes_are_refused() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => Format.ReadLedgerAsync(new MemoryStream([.. Enumerable.Range(0, 999).Select(i => (byte)i)]), Token));

    private static void AssertReadsOrRefuses(byte[] bytes)
    {
        try
        {
            Format.ReadTrajectoriesAsync(new MemoryStream(bytes), Token).GetAwaiter().GetResult();
        }
        catch (InvalidDataException)
        {
            // The one kind there is.
        }
    }

    private static IReadOnlyList<Trajectory> RoundTrip(Trajectory[] rows)
    {
        using var file = Written(output => Format.WriteTrajectoriesAsync(rows, output, Token));
        return Format.ReadTrajectoriesAsync(file, Token).GetAwaiter().GetResult();
    }

    private static MemoryStream Written(Func<Stream, Task> write)
    {
        var file = new MemoryStream();
        write(file).GetAwaiter().GetResult();
        return new MemoryStream(file.ToArray());
    }
}
