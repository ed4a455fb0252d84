using Amqp;
using Amqp.Types;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Outcome of a request. The two kinds of nodes spell its properties differently.</summary>
internal sealed record BusAnswer(int Status, string? Condition, string Description)
{
    public const int Gone = 410;
    public const int NotFound = 404;

    public bool IsSuccess => Status is >= 200 and < 300;

    public static BusAnswer Of(Message message)
    {
        var properties = message.ApplicationProperties;
        return new BusAnswer(
            (properties?["statusCode"] ?? properties?["status-code"]) as int? ?? 0,
            (properties?["errorCondition"] ?? properties?["error-condition"]) switch { Symbol symbol => symbol.ToString(), string text => text, _ => null },
            (properties?["statusDescription"] ?? properties?["status-description"]) as string ?? "no description");
    }
}
