namespace Nitro.JsonRpc;

/// <summary>
/// Answers the requests of one two-way connection. At most <c>maxInFlight</c> run at once, and a large one runs alone, so a connection's
/// memory is bounded however fast it talks; a reply counts as running until it is sent.
/// </summary>
internal sealed class Conversation(RequestHandler handler, Caller caller, Outbox outbox, int maxInFlight)
{
    private const int LargeRequest = 64 * 1024;
    private readonly SemaphoreSlim _slots = new(maxInFlight, maxInFlight);

    /// <summary>
    /// Reads until <paramref name="read"/> gives null, then waits for the replies to be sent. A frame of <see cref="Incoming"/> that
    /// carries a ready answer (an oversized line) is answered with that.
    /// </summary>
    public async Task ReadAllAsync(Func<CancellationToken, ValueTask<Incoming?>> read, CancellationToken cancellationToken)
    {
        while (await read(cancellationToken) is { } incoming)
        {
            int slots = incoming.Request.Length > LargeRequest ? maxInFlight : 1;
            await TakeAsync(slots, cancellationToken);
            _ = AnswerAsync(incoming, slots, cancellationToken);
        }

        await TakeAsync(maxInFlight, cancellationToken);
    }

    private async Task TakeAsync(int slots, CancellationToken cancellationToken)
    {
        for (int taken = 0; taken < slots; taken++)
        {
            await _slots.WaitAsync(cancellationToken);
        }
    }

    private async Task AnswerAsync(Incoming incoming, int slots, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? reply = null;
        try
        {
            reply = incoming.Problem is { } problem
                ? handler.Error(caller.UnknownId, problem)
                : await handler.HandleAsync(incoming.Request, caller, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The connection is over; nobody waits for this reply.
        }

        if (reply is { } frame)
        {
            outbox.Reply(frame, () => _slots.Release(slots));
        }
        else
        {
            _slots.Release(slots);
        }
    }
}
