using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Yamux;
using Nitro.Ports;

namespace Nitro.Libp2p.Link;

/// <summary>
/// One message a stream, one line a message. Version 1 is go-nitro's: the receiver closes when it has taken the message.
/// Version 2 is ours: the receiver answers with a line.
/// </summary>
internal sealed class MessageProtocols(LinkOptions options, Func<Connection, byte[]?> addressOf, LinkTraffic traffic, TimeProvider time, ILogger log)
{
    internal const string V1 = "/nitro/msg/1.0.0";
    internal const string V2 = "/nitro/msg/2.0.0";

    private readonly ByteBudget _receiving = new(options.MaxReceiving);
    private readonly ConditionalWeakTable<Connection, PeerBudget> _budgets = [];
    private readonly ConditionalWeakTable<Connection, HeldBack> _heldBack = [];

    /// <summary>Where messages go; null before the node runs and after.</summary>
    internal IPeerSink? Sink { get; set; }

    /// <summary>Sends one message and waits for what its protocol has for an answer.</summary>
    /// <exception cref="IOException">No answer: nothing is known.</exception>
    internal async Task<PeerAnswer> SendAsync(
        Connection connection, bool isGoNitro, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        await using var stream = await connection.OpenStreamAsync(isGoNitro ? [V1] : [V2, V1], cancellationToken).ConfigureAwait(false);
        byte[] line = [.. frame.Span, (byte)'\n'];
        await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        stream.CloseWrite();
        traffic.Send(line.Length);
        if (stream.Protocol == V2)
        {
            return MessageAnswer.Read(await Line.ReadAsync(stream, MessageAnswer.MaxLength, cancellationToken).ConfigureAwait(false));
        }

        // Whatever else may come, the end says that the message was taken; a reset says nothing.
        var rest = new byte[256];
        while (await stream.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        return PeerAnswer.Taken;
    }

    /// <summary>
    /// Serves version 1. What was not taken is not acknowledged: the stream is reset. go-nitro does not look, and tells nothing twice, so
    /// what may be taken later is held back here.
    /// </summary>
    internal async Task TakeV1Async(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        var held = _heldBack.GetValue(connection, _ => new HeldBack(options, traffic, log));
        var answer = await TakeAsync(stream, connection, Hold, deadline.Token).ConfigureAwait(false);
        if (answer is PeerAnswer.Busy or PeerAnswer.Unreachable)
        {
            stream.Reset();
        }
        else
        {
            held.Wake();
        }

        void Hold(byte[] line)
        {
            if (!held.TryAdd(line, (message, end) => OfferAsync(message, connection, end), connection.Closed))
            {
                log.LogWarning("{Peer} has said too much that cannot be taken yet; a message of it is lost", connection.Peer);
            }
        }
    }

    /// <summary>Serves version 2.</summary>
    internal async Task TakeV2Async(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        var answer = await TakeAsync(stream, connection, null, deadline.Token).ConfigureAwait(false);
        await stream.WriteAsync(MessageAnswer.Write(answer), deadline.Token).ConfigureAwait(false);
    }

    private CancellationTokenSource Deadline(CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.MessageTimeout);
        return deadline;
    }

    private async Task<PeerAnswer> TakeAsync(YamuxStream stream, Connection connection, Action<byte[]>? hold, CancellationToken cancellationToken)
    {
        if (addressOf(connection) is not { } sender)
        {
            return PeerAnswer.Offence; // Such an identity proves no address, and a message counts as its sender's.
        }

        if (Sink is not { } sink)
        {
            return PeerAnswer.Busy;
        }

        var budget = BudgetOf(connection);
        var held = 0;
        try
        {
            var line = await Line.ReadAsync(stream, options.MaxMessage, cancellationToken, MayHold).ConfigureAwait(false);
            if (line is null)
            {
                return PeerAnswer.Busy; // Cut off: whoever sent it does so again.
            }

            traffic.Receive(line.Length);
            var verdict = budget.Take(line.Length);
            if (verdict == BudgetVerdict.Cut)
            {
                connection.Close();
            }

            var answer = verdict == BudgetVerdict.Fine
                ? await TakeAsync(sink, sender, line, connection, cancellationToken).ConfigureAwait(false)
                : PeerAnswer.Busy;
            if (answer == PeerAnswer.Busy && verdict != BudgetVerdict.Cut)
            {
                hold?.Invoke(line);
            }

            return answer;
        }
        finally
        {
            budget.Receiving.Return(held);
        }

        bool MayHold(int more)
        {
            var may = budget.Receiving.TryTake(more);
            held += may ? more : 0;
            return may;
        }
    }

    private async Task<PeerAnswer> OfferAsync(byte[] line, Connection connection, CancellationToken cancellationToken) =>
        Sink is { } sink && addressOf(connection) is { } sender
            ? await TakeAsync(sink, sender, line, connection, cancellationToken).ConfigureAwait(false)
            : PeerAnswer.Busy;

    private async Task<PeerAnswer> TakeAsync(IPeerSink sink, byte[] sender, byte[] line, Connection connection, CancellationToken cancellationToken)
    {
        var answer = await sink.ReceivedAsync(sender, line, cancellationToken).ConfigureAwait(false);
        if (answer == PeerAnswer.Offence && BudgetOf(connection).Offend() == BudgetVerdict.Cut)
        {
            connection.Close();
        }

        return answer;
    }

    private PeerBudget BudgetOf(Connection connection) => _budgets.GetValue(connection, _ => new PeerBudget(options, _receiving, time));
}
