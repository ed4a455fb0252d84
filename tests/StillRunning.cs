using System.Collections.Concurrent;
using System.Reflection;
using KnapsackCloud.Tests;
using Xunit.v3;

[assembly: StillRunning]

namespace KnapsackCloud.Tests;

/// <summary>Names the tests that had not ended when a run was cancelled, be it by its deadline: else nothing says which one hung.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class StillRunningAttribute : BeforeAfterTestAttribute
{
    private static readonly ConcurrentDictionary<IXunitTest, CancellationTokenRegistration> Running = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) =>
        Running[test] = TestContext.Current.CancellationToken.Register(() => Console.Error.WriteLine($"still running: {test.TestDisplayName}"));

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (Running.TryRemove(test, out var registration)) registration.Dispose();
    }
}
