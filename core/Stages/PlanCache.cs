using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>The plans this process read last. They never change. Thread-safe.</summary>
internal sealed class PlanCache
{
    private const int Kept = 4;
    private readonly Lock _gate = new();
    private readonly LinkedList<(BlobName Name, StepPlan Plan)> _plans = [];

    public StepPlan? Find(BlobName name)
    {
        lock (_gate) return _plans.FirstOrDefault(entry => entry.Name == name).Plan;
    }

    public void Add(BlobName name, StepPlan plan)
    {
        lock (_gate)
        {
            if (_plans.Any(entry => entry.Name == name)) return;
            _plans.AddLast((name, plan));
            if (_plans.Count > Kept) _plans.RemoveFirst();
        }
    }
}
