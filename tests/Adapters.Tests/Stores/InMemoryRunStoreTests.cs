using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Adapters.Tests.Stores;

/// <summary>The store of the other tests keeps the same contract, so that what they show holds for the real ones.</summary>
public sealed class InMemoryRunStoreTests : RunStoreContract
{
    protected override IRunStore Store { get; } = new InMemoryRunStore();
}
