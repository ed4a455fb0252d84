using Azure.Core;
using Azure.Core.Pipeline;

namespace KnapsackCloud.Adapters.Tests.Storage;

/// <summary>The service does what the request says, and its answer is lost on the way: the first time for each kind of request it is told to hit.</summary>
internal sealed class LostAnswers(Func<Request, bool> hits) : HttpPipelinePolicy
{
    private int _left = 1;

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        if (hits(message.Request) && Interlocked.Decrement(ref _left) >= 0) throw new IOException("the answer was lost");
    }
}
