using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Yamux;
using Nitro.Ports;

namespace Nitro.Libp2p.Link;

/// <summary>
/// One line a message. Version 1 is go-nitro's: one message a stream, and the receiver closes when it has taken it. Version 2 is
/// ours: the receiver answers with a line, and then the stream may carry the next message. Who needs several in flight opens several streams.
/// </summary>
internal sealed class MessageProtocols(
    LinkOptions options, int mostStreams, Func<Connection, byte[]?> addressOf, LinkTraffic traffic, TimeProvider time, ILogger log)
{
    internal const string V1 = "/nitro/msg/1.0.0";
    internal const string V2 = "/nitro/msg/2.0.0";

    private readonly ByteBudget _receiving = new(options.MaxReceiving);
    private readonly ConditionalWeakTable<Connection, PeerBudget> _budgets = [];
    private readonly ConditionalWeakTable<Connection, HeldBack> _heldBack = [];
    private readonly ConditionalWeakTable<Connection, MessageStreams> _streams = [];

    /// <summary>Where messages go; null before the node runs and after.</summary>
    internal IPeerSink? Sink { get; set; }

    /// <summary>Sends one message and waits for what its protocol has for an answer.</summary>
    /// <exception cref="IOException">No answer: nothing is known.</exception>
    internal async Task<PeerAnswer> SendAsync(
        Connection connection, bool isGoNitro, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        byte[] line = [.. frame.Span, (byte)'\n'];
        var streams = _streams.GetValue(connection, _ => new MessageStreams(mostStreams, options.IdleStreams, time));
        await streams.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await TryReuseAsync(streams, line, cancellationToken).ConfigureAwait(false)
                ?? await SendAnewAsync(connection, streams, isGoNitro ? [V1] : [V2, V1], line, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            streams.Leave();
        }
    }

    /// <summary>
    /// Serves version 1. What was not taken is not acknowledged: the stream is reset. go-nitro does not look, and tells nothing twice, so
    /// what may be taken later is held back here.
    /// </summary>
    internal async Task TakeV1Async(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        var held = _heldBack.GetValue(connection, _ => new HeldBack(options, traffic, log));
        var answer = Refusal(connection) ?? await TakeAsync(stream, connection, Hold, deadline.Token).ConfigureAwait(false);
        if (answer is null or PeerAnswer.Busy or PeerAnswer.Unreachable)
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

    /// <summary>Serves version 2: one message after the other, until the peer closes or says nothing for long.</summary>
    internal async Task TakeV2Async(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        if (Refusal(connection) is { } refusal)
        {
            await stream.WriteAsync(MessageAnswer.Write(refusal), deadline.Token).ConfigureAwait(false);
            return;
        }

        while (true)
        {
            await stream.ReadAsync(Memory<byte>.Empty, deadline.Token).ConfigureAwait(false); // Nothing is held while nothing is there.
            deadline.CancelAfter(options.MessageTimeout);
            if (await TakeAsync(stream, connection, null, deadline.Token).ConfigureAwait(false) is not { } answer)
            {
                return;
            }

            await stream.WriteAsync(MessageAnswer.Write(answer), deadline.Token).ConfigureAwait(false);
            deadline.CancelAfter(options.MessageTimeout);
        }
    }

    // Null where there is no stream to be used again, or where it has ended meanwhile: then nothing is known of the message, and
    // it may be sent again at once, as its receiver knows a repetition.
    private async ValueTask<PeerAnswer?> TryReuseAsync(MessageStreams streams, byte[] line, CancellationToken cancellationToken)
    {
        while (streams.TryTake(out var stream))
        {
            try
            {
                if (await AskAsync(streams, stream, line, cancellationToken).ConfigureAwait(false) is { } answer)
                {
                    return answer;
                }
            }
            catch (Libp2pException e) when (e.Error is Libp2pError.StreamReset)
            {
                log.LogDebug(e, "a stream for messages had ended");
            }
        }

        return null;
    }

    private async Task<PeerAnswer> SendAnewAsync(
        Connection connection, MessageStreams streams, string[] protocols, byte[] line, CancellationToken cancellationToken)
    {
        var stream = await connection.OpenStreamAsync(protocols, cancellationToken).ConfigureAwait(false);
        if (stream.Protocol == V2)
        {
            return await AskAsync(streams, stream, line, cancellationToken).ConfigureAwait(false) ?? PeerAnswer.Unreachable;
        }

        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            traffic.Send(line.Length);
            stream.CloseWrite();

            // Whatever else may come, the end says that the message was taken; a reset says nothing.
            var rest = new byte[256];
            while (await stream.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
            {
            }

            return PeerAnswer.Taken;
        }
    }

    // Null where the stream ends without an answer. Only a stream with an answer to its last message may carry another.
    private async ValueTask<PeerAnswer?> AskAsync(MessageStreams streams, YamuxStream stream, byte[] line, CancellationToken cancellationToken)
    {
        var isKept = false;
        try
        {
            await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            traffic.Send(line.Length);
            if (await Line.ReadOneAsync(stream, MessageAnswer.MaxLength, cancellationToken).ConfigureAwait(false) is not { } said)
            {
                return null;
            }

            var answer = MessageAnswer.Read(said);
            isKept = answer != PeerAnswer.Unreachable;
            return answer;
        }
        finally
        {
            if (isKept)
            {
                streams.Keep(stream);
            }
            else
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    // Such an identity proves no address, and a message counts as its sender's; or the node does not run.
    private PeerAnswer? Refusal(Connection connection) =>
        addressOf(connection) is null ? PeerAnswer.Offence : Sink is null ? PeerAnswer.Busy : null;

    private CancellationTokenSource Deadline(CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.MessageTimeout);
        return deadline;
    }

    // Null where the stream ends before a message does: whoever sent it does so again.
    private async Task<PeerAnswer?> TakeAsync(YamuxStream stream, Connection connection, Action<byte[]>? hold, CancellationToken cancellationToken)
    {
        var budget = BudgetOf(connection);
        var held = 0;
        try
        {
            var line = stream.Protocol == V2
                ? await Line.ReadOneAsync(stream, options.MaxMessage, cancellationToken, MayHold).ConfigureAwait(false)
                : await Line.ReadAsync(stream, options.MaxMessage, cancellationToken, MayHold).ConfigureAwait(false);
            if (line is null)
            {
                return null;
            }

            traffic.Receive(line.Length);
            var verdict = budget.Take(line.Length);
            if (verdict == BudgetVerdict.Cut)
            {
                connection.Close();
            }

            var answer = verdict == BudgetVerdict.Fine ? await OfferAsync(line, connection, cancellationToken).ConfigureAwait(false) : PeerAnswer.Busy;
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
