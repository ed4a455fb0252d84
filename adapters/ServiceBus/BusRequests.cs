using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Asks a node and gets answers: a pair of links, with a reply address of our own and answers told apart by correlation id.</summary>
internal sealed class BusRequests : IBusLink
{
    private const int AnswersAtOnce = 50;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new();
    private readonly string _replyTo;
    private readonly SenderLink _asks;
    private readonly ReceiverLink _answers;

    private BusRequests(SenderLink asks, ReceiverLink answers, string replyTo)
    {
        (_asks, _answers, _replyTo) = (asks, answers, replyTo);
        answers.Start(AnswersAtOnce, OnAnswer);
        asks.AddClosedCallback((_, error) => FailAll(error));
        answers.AddClosedCallback((_, error) => FailAll(error));
    }

    public bool IsClosed => _asks.IsClosed || _answers.IsClosed;

    public static async Task<BusRequests> OpenAsync(Session session, string address)
    {
        var replyTo = BusLinks.NewName(address);
        var receive = new Attach { Source = new Source { Address = address }, Target = new Target { Address = replyTo } };
        var answers = await BusLinks.AttachAsync(attached => new ReceiverLink(session, replyTo, receive, attached));
        var send = new Attach { Source = new Source { Address = replyTo }, Target = new Target { Address = address } };
        var asks = await BusLinks.AttachAsync(attached => new SenderLink(session, BusLinks.NewName(address), send, attached));
        return new BusRequests(asks, answers, replyTo);
    }

    /// <exception cref="TimeoutException">No answer in time.</exception>
    public async Task<Message> AskAsync(Message request, CancellationToken cancellation)
    {
        var id = Guid.NewGuid().ToString("N");
        request.Properties = new Properties { MessageId = id, ReplyTo = _replyTo };
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            await _asks.SendAsync(request, BusLinks.AnswerTimeout).WaitAsync(cancellation);
            return await answer.Task.WaitAsync(BusLinks.AnswerTimeout, cancellation);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private void OnAnswer(IReceiverLink link, Message message)
    {
        link.Accept(message);
        if (message.Properties?.CorrelationId is { } id && _waiting.TryGetValue(id, out var answer)) answer.TrySetResult(message);
    }

    private void FailAll(Error? error)
    {
        foreach (var answer in _waiting.Values) answer.TrySetException(new AmqpException(error ?? new Error(ErrorCode.DetachForced)));
    }
}
