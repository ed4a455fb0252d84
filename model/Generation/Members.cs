using System.Runtime.ExceptionServices;

namespace KnapsackCloud.Model.Generation;

/// <summary>The same work in several threads at once.</summary>
internal static class Members
{
    /// <summary>Calls the work with every number below the count. Throws what the first one threw.</summary>
    public static void Run(int count, Action<int> work)
    {
        try
        {
            Parallel.For(0, count, work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
