using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>The $management node of a queue of the test broker: renews and settles locks by their tokens.</summary>
internal sealed class BusManagement(BusNode node) : IRequestProcessor
{
    public int Credit => 50;

    public void Process(RequestContext requestContext)
    {
        var request = requestContext.Message;
        var body = (Map)request.Body;
        var token = ((Guid[])body["lock-tokens"])[0];
        var held = (request.ApplicationProperties["operation"] as string) switch
        {
            "com.microsoft:renew-lock" => node.Renew(token),
            "com.microsoft:update-disposition" => node.Settle(token, Outcome(body)),
            _ => throw new AmqpException(ErrorCode.NotImplemented, "no such operation"),
        };
        requestContext.Complete(new Message
        {
            ApplicationProperties = new ApplicationProperties
            {
                ["statusCode"] = held ? 200 : 410,
                ["statusDescription"] = held ? "OK" : "the lock is lost",
                ["errorCondition"] = held ? null : new Symbol("com.microsoft:message-lock-lost"),
            },
        });
    }

    private static DeliveryState Outcome(Map body) => (body["disposition-status"] as string) switch
    {
        "completed" => new Accepted(),
        "abandoned" => new Modified { DeliveryFailed = true },
        _ => new Rejected
        {
            Error = new Error("com.microsoft:dead-letter")
            {
                Info = new Fields
                {
                    [new Symbol("DeadLetterReason")] = body["deadletter-reason"],
                    [new Symbol("DeadLetterErrorDescription")] = body["deadletter-description"],
                },
            },
        },
    };
}
