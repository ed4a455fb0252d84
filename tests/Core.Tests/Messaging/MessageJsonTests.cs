using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;

namespace KnapsackCloud.Core.Tests.Messaging;

public class MessageJsonTests
{
    private static readonly RunId Run = RunId.Parse("r");

    public static TheoryData<IWorkMessage> Messages =>
        [new PlanRequest(Run, 1), new RolloutRequest(Run, 2, "t000"), new RolloutDone(Run, 3, "e001"), new LearnRequested(Run, 0), new CheckpointReady(Run, new PolicyVersion(4))];

    [Theory, MemberData(nameof(Messages))]
    public void Every_message_comes_back_as_it_was_sent(IWorkMessage message)
    {
        var body = MessageJson.Encode(message);
        IWorkMessage? read = message switch
        {
            PlanRequest => Decode<PlanRequest>(body),
            RolloutRequest => Decode<RolloutRequest>(body),
            RolloutDone => Decode<RolloutDone>(body),
            LearnRequested => Decode<LearnRequested>(body),
            _ => Decode<CheckpointReady>(body),
        };
        Assert.Equal(message, read);
    }

    [Theory]
    [InlineData("""{"format":1,"run":"r","step":1,"item":"../../etc/passwd"}""", "name is none")]
    [InlineData("""{"format":1,"run":"r","step":1,"item":""}""", "name is none")]
    [InlineData("""{"format":1,"run":"r","step":-1,"item":"t000"}""", "step -1 is out of range")]
    [InlineData("""{"format":1,"run":"r","step":1000002,"item":"t000"}""", "out of range")]
    [InlineData("""{"format":2,"run":"r","step":1,"item":"t000"}""", "format 2 is not known")]
    [InlineData("""{"format":1,"run":"../r","step":1,"item":"t000"}""", "not a RolloutDone")]
    [InlineData("""{"format":1,"run":"r","step":1,"item":"t000","extra":1}""", "not a RolloutDone")]
    [InlineData("""{"format":1,"run":"r","step":1}""", "not a RolloutDone")]
    [InlineData("null", "empty")]
    [InlineData("[[[[", "not a RolloutDone")]
    public void A_body_that_is_no_message_is_refused_with_the_reason(string body, string reason)
    {
        Assert.False(MessageJson.TryDecode<RolloutDone>(Encoding.UTF8.GetBytes(body), out _, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_request_that_names_no_round_wants_the_first()
    {
        Assert.Equal(new PlanRequest(Run, 1), Decode<PlanRequest>("""{"format":1,"run":"r","step":1}"""u8.ToArray()));
        Assert.Null(Decode<PlanRequest>("""{"format":1,"run":"r","step":1,"round":0}"""u8.ToArray()));
        Assert.Null(Decode<PlanRequest>("""{"format":1,"run":"r","step":1,"round":100}"""u8.ToArray()));
    }

    private static TMessage? Decode<TMessage>(ReadOnlyMemory<byte> body) where TMessage : class, IWorkMessage =>
        MessageJson.TryDecode<TMessage>(body, out var message, out _) ? message : null;
}
