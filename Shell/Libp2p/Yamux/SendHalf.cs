namespace Nitro.Libp2p.Yamux;

/// <summary>
/// What one stream still has to say: the state of its sending half, under its session's gate. The writer's own bytes are
/// sent from where they are; nothing is copied until a frame has room for them.
/// </summary>
internal sealed class SendHalf
{
    /// <summary>What each side may send on a stream before it was granted anything.</summary>
    internal const int InitialWindow = 262144;

    private ReadOnlyMemory<byte> _pending;
    private TaskCompletionSource? _written;

    /// <summary>Bytes that the other side still takes.</summary>
    internal long Window { get; private set; } = InitialWindow;

    /// <summary>The first frame must open the stream.</summary>
    internal bool Opens { get; set; }

    /// <summary>The first frame must accept the stream.</summary>
    internal bool Accepts { get; set; }

    /// <summary>Bytes that were read and that the other side was not yet told of.</summary>
    internal int Owed { get; set; }

    /// <summary>Nothing is written after what is pending.</summary>
    internal bool Closing { get; set; }

    /// <summary>The end was sent.</summary>
    internal bool Closed { get; set; }

    /// <summary>In the session's queue.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>A write is under way.</summary>
    internal bool IsWriting => !_pending.IsEmpty;

    /// <summary>Bytes that could be sent at once.</summary>
    internal int Sendable => (int)Math.Min(_pending.Length, Window);

    /// <summary>The end is due.</summary>
    internal bool WantsToClose => Closing && !Closed && _pending.IsEmpty;

    /// <summary>The other side takes more bytes.</summary>
    internal void Widen(uint more) => Window = Math.Min(Window + more, int.MaxValue);

    /// <summary>Takes bytes to send, at least one.</summary>
    internal void Begin(ReadOnlyMemory<byte> data) => _pending = data;

    /// <summary>Ends once all of the bytes are in frames; null where they are already.</summary>
    internal TaskCompletionSource? Written() => IsWriting
        ? _written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        : null;

    /// <summary>Moves the next bytes into a frame.</summary>
    internal void Move(Span<byte> output)
    {
        _pending.Span[..output.Length].CopyTo(output);
        _pending = _pending[output.Length..];
        Window -= output.Length;
        if (_pending.IsEmpty)
        {
            var written = _written;
            _written = null;
            written?.TrySetResult();
        }
    }

    /// <summary>Forgets the bytes of a write that was cancelled.</summary>
    internal void Cancel(TaskCompletionSource write, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(_written, write))
        {
            _pending = default;
            _written = null;
            write.TrySetCanceled(cancellationToken);
        }
    }

    /// <summary>Nothing is sent any more.</summary>
    internal void Fail(Libp2pException failure)
    {
        _pending = default;
        var written = _written;
        _written = null;
        written?.TrySetException(failure);
    }
}
