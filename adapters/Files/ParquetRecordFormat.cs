using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using Parquet.Schema;

namespace KnapsackCloud.Adapters.Files;

/// <summary>Trajectories and ledgers as Parquet with plain columns, readable by pandas and DuckDB. Files hold a few thousand rows in one row group.</summary>
public sealed class ParquetRecordFormat : IRecordFormat
{
    private const int TrajectoryFormat = 2;
    private const int LedgerFormat = 2;
    private const string Trajectories = "trajectories";
    private const string Ledger = "ledger";

    public Task WriteTrajectoriesAsync(IReadOnlyList<Trajectory> trajectories, Stream output, CancellationToken cancellation) =>
        ParquetTable.WriteAsync(output, TrajectoryColumns.Schema, Trajectories, TrajectoryFormat, columns => TrajectoryColumns.WriteAsync(trajectories, columns), cancellation);

    public Task<IReadOnlyList<Trajectory>> ReadTrajectoriesAsync(Stream input, CancellationToken cancellation) =>
        ParquetTable.ReadAsync(input, Trajectories, TrajectoryFormat, TrajectoryColumns.ReadAsync, cancellation);

    public Task<IReadOnlyList<RolloutOutcome>> ReadOutcomesAsync(Stream input, CancellationToken cancellation) =>
        ParquetTable.ReadAsync(input, Trajectories, TrajectoryFormat, TrajectoryColumns.ReadOutcomesAsync, cancellation);

    public Task WriteLedgerAsync(IReadOnlyList<TaskRecord> records, Stream output, CancellationToken cancellation) =>
        ParquetTable.WriteAsync(output, LedgerColumns.Schema, Ledger, LedgerFormat, columns => LedgerColumns.WriteAsync(records, columns), cancellation);

    public Task<IReadOnlyList<TaskRecord>> ReadLedgerAsync(Stream input, CancellationToken cancellation) =>
        ParquetTable.ReadAsync(input, Ledger, LedgerFormat, LedgerColumns.ReadAsync, cancellation);
}

internal static class LedgerColumns
{
    public static ParquetSchema Schema { get; } = new(
        new DataField<string>("task", nullable: false),
        new DataField<string>("family", nullable: false),
        new DataField<double>("successes"),
        new DataField<double>("failures"),
        new DataField<int>("visits"),
        new DataField<double>("last_success_rate"),
        new DataField<double>("mean_completion_tokens"),
        new DataField<int>("last_step"),
        new DataField<int>("uniform_visits"));

    public static async Task WriteAsync(IReadOnlyList<TaskRecord> records, ParquetColumnWriter columns)
    {
        await columns.TextAsync([.. records.Select(record => record.Task.Value)]);
        await columns.TextAsync([.. records.Select(record => record.Family)]);
        await columns.NumbersAsync(records.Select(record => record.Successes));
        await columns.NumbersAsync(records.Select(record => record.Failures));
        await columns.NumbersAsync(records.Select(record => record.Visits));
        await columns.NumbersAsync(records.Select(record => record.LastSuccessRate));
        await columns.NumbersAsync(records.Select(record => record.MeanCompletionTokens));
        await columns.NumbersAsync(records.Select(record => record.LastStep));
        await columns.NumbersAsync(records.Select(record => record.UniformVisits));
    }

    public static async Task<IReadOnlyList<TaskRecord>> ReadAsync(ParquetColumnReader columns)
    {
        var task = await columns.TextAsync("task");
        var family = await columns.TextAsync("family");
        var successes = await columns.NumbersAsync<double>("successes");
        var failures = await columns.NumbersAsync<double>("failures");
        var visits = await columns.NumbersAsync<int>("visits");
        var lastSuccessRate = await columns.NumbersAsync<double>("last_success_rate");
        var meanTokens = await columns.NumbersAsync<double>("mean_completion_tokens");
        var lastStep = await columns.NumbersAsync<int>("last_step");
        var uniformVisits = await columns.NumbersAsync<int>("uniform_visits");
        return [.. Enumerable.Range(0, columns.Rows).Select(i => new TaskRecord
        {
            Task = TaskId.Parse(task[i] ?? ""),
            Family = family[i] ?? "",
            Successes = successes[i],
            Failures = failures[i],
            Visits = visits[i],
            LastSuccessRate = lastSuccessRate[i],
            MeanCompletionTokens = meanTokens[i],
            LastStep = lastStep[i],
            UniformVisits = uniformVisits[i],
        })];
    }
}
