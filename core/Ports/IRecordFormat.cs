using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Ports;

/// <summary>File format of trajectories and ledgers (Parquet): readable by pandas and DuckDB.</summary>
public interface IRecordFormat
{
    Task WriteTrajectoriesAsync(IReadOnlyList<Trajectory> trajectories, Stream output, CancellationToken cancellation);
    /// <exception cref="InvalidDataException">Not a trajectory file of a known version.</exception>
    Task<IReadOnlyList<Trajectory>> ReadTrajectoriesAsync(Stream input, CancellationToken cancellation);
    /// <summary>The same rows without their tokens, which are not decoded.</summary>
    /// <exception cref="InvalidDataException">Not a trajectory file of a known version.</exception>
    Task<IReadOnlyList<RolloutOutcome>> ReadOutcomesAsync(Stream input, CancellationToken cancellation);
    Task WriteLedgerAsync(IReadOnlyList<TaskRecord> records, Stream output, CancellationToken cancellation);
    /// <exception cref="InvalidDataException">Not a ledger file of a known version.</exception>
    Task<IReadOnlyList<TaskRecord>> ReadLedgerAsync(Stream input, CancellationToken cancellation);
}
