using System.Reflection;
using KnapsackCloud.Model.Tests;
using TorchSharp;
using Xunit.v3;

[assembly: TensorsInScopes]

namespace KnapsackCloud.Model.Tests;

/// <summary>
/// A tensor that no dispose scope holds is freed by a garbage collection as soon as no code needs its wrapper any more, which may be
/// while a native call still reads it. Fails a test that makes one, itself or in the code it tests, on its own thread.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class TensorsInScopesAttribute : BeforeAfterTestAttribute
{
    private readonly AsyncLocal<(int Thread, long Count)> _before = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => _before.Value = Here;

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        // A test that waited may have gone on elsewhere.
        if (_before.Value.Thread != Here.Thread) return;
        Assert.True(_before.Value == Here, $"{Here.Count - _before.Value.Count} tensors were made outside of any dispose scope");
    }

    private static (int Thread, long Count) Here => (Environment.CurrentManagedThreadId, DisposeScopeManager.Statistics.CreatedOutsideScopeCount);
}
