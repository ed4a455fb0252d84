namespace KnapsackCloud.Core.Contracts;

/// <summary>Name of a blob, derived from ids alone, so that a redelivered message writes the same name.</summary>
public readonly record struct BlobName(string Value)
{
    public override string ToString() => Value;
}

/// <summary>The storage layout (docs/architecture.md). Nothing else builds a blob name.</summary>
public static class BlobNames
{
    public const string RunsPrefix = "runs/";

    public static string RunPrefix(RunId run) => $"{RunsPrefix}{run}/";
    public static BlobName Spec(RunId run) => new($"{RunPrefix(run)}spec.json");
    public static BlobName Status(RunId run) => new($"{RunPrefix(run)}status.json");
    public static BlobName TrainingTasks(RunId run) => new($"{RunPrefix(run)}tasks/training.jsonl");
    public static BlobName EvaluationTasks(RunId run) => new($"{RunPrefix(run)}tasks/evaluation.jsonl");

    public static string StepPrefix(RunId run, int step) => $"{RunPrefix(run)}steps/{step:D6}/";
    /// <param name="round">From 1; further rounds are <c>plan-r02.json</c> ...</param>
    public static BlobName Plan(RunId run, int step, int round = 1) => new(round == 1 ? $"{StepPrefix(run, step)}plan.json" : $"{StepPrefix(run, step)}plan-r{round:D2}.json");
    public static string RolloutsPrefix(RunId run, int step) => $"{StepPrefix(run, step)}rollouts/";
    public static BlobName Rollouts(RunId run, int step, string item) => new($"{RolloutsPrefix(run, step)}{item}.parquet");
    public static BlobName FailedItem(RunId run, int step, string item) => new($"{RolloutsPrefix(run, step)}{item}.failed.json");
    public static BlobName Summary(RunId run, int step) => new($"{StepPrefix(run, step)}summary.json");
    public static BlobName Learning(RunId run, int step) => new($"{StepPrefix(run, step)}learning.json");
    public static BlobName Ledger(RunId run, int step) => new($"{RunPrefix(run)}ledger/{step:D6}.parquet");

    public static string PoliciesPrefix(RunId run) => $"{RunPrefix(run)}policies/";
    public static string PolicyPrefix(RunId run, PolicyVersion version) => $"{PoliciesPrefix(run)}{version.Value:D6}/";
    public static BlobName PolicyFile(RunId run, PolicyVersion version, string file) => new($"{PolicyPrefix(run, version)}{file}");
    public static BlobName Manifest(RunId run, PolicyVersion version) => PolicyFile(run, version, "manifest.json");
}
