using System.Buffers;
using System.IO.Pipelines;
using Nitro.Libp2p.Bytes;

namespace Nitro.Libp2p.Yamux;

/// <summary>
/// One of the many streams of a connection. One reader and one writer at a time. To dispose of it closes it: what was
/// written still arrives, what was not read is thrown away. A write that is cancelled may have sent a part.
/// </summary>
public sealed class YamuxStream : AsyncStream
{
    private static readonly PipeOptions Unbounded = new(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false);

    private readonly YamuxSession _session;
    private readonly Pipe _received = new(Unbounded);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal YamuxStream(YamuxSession session, uint id, bool isInbound, int window)
    {
        _session = session;
        Id = id;
        IsInbound = isInbound;
        // The other side starts with the protocol's window; what is wider is granted with the first frame.
        Sending = new SendHalf { Opens = !isInbound, Accepts = isInbound, Owed = window - SendHalf.InitialWindow };
        ReceiveWindow = SendHalf.InitialWindow;
    }

    /// <summary>Odd where the dialer opened it.</summary>
    public uint Id { get; }

    /// <summary>Whether the other side opened it.</summary>
    public bool IsInbound { get; }

    /// <summary>The protocol agreed on; empty until then.</summary>
    public string Protocol { get; internal set; } = "";

    /// <summary>Ends when the stream has ended both ways, was cut, or its connection has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether both sides may still write and nothing waits to be read.</summary>
    internal bool IsAtRest => _session.IsAtRest(this);

    // Everything below belongs to the session and is touched under its gate only.
    internal SendHalf Sending { get; }

    internal int ReceiveWindow { get; private set; }

    internal int Unread { get; private set; }

    internal bool RemoteClosed { get; private set; }

    internal bool IsDisposed { get; private set; }

    internal long DisposedAt { get; private set; }

    internal Libp2pException? Failure { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        _received.Reader.AdvanceTo(taken.End);
        if (count > 0)
        {
            _session.Consumed(this, count);
        }

        return count;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty ? ValueTask.CompletedTask : _session.WriteAsync(this, buffer, cancellationToken);

    /// <summary>Tells the other side that nothing more is written. Reading goes on.</summary>
    public void CloseWrite() => _session.CloseWrite(this);

    /// <summary>Cuts the stream both ways; what is under way may be lost.</summary>
    public void Reset() => _session.Reset(this);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _session.Leave(this))
        {
            _received.Reader.Complete();
        }

        base.Dispose(disposing);
    }

    internal void Take(ReadOnlySpan<byte> piece)
    {
        ReceiveWindow -= piece.Length;
        Unread += piece.Length;
        _received.Writer.Write(piece);
    }

    /// <summary>Lets the reader see what was taken. Never waits, since the window is the only bound.</summary>
    internal void Show() => _ = _received.Writer.FlushAsync(CancellationToken.None);

    internal void TakeEnd()
    {
        RemoteClosed = true;
        Sending.Owed = 0; // Who writes no more needs no leave to write.
        _received.Writer.Complete();
    }

    /// <summary>Nobody reads any more; a reader that still waits sees the end.</summary>
    internal void TakeEndOfReading() => _received.Writer.Complete();

    internal void MarkRead(int count)
    {
        Unread -= count;
        Sending.Owed += RemoteClosed ? 0 : count;
    }

    /// <summary>Nobody will read what is left; gives back how much that is. It is not granted again.</summary>
    internal int Discard()
    {
        var unread = Unread;
        Unread = 0;
        Sending.Owed = 0;
        return unread;
    }

    internal int Grant()
    {
        var owed = Sending.Owed;
        Sending.Owed = 0;
        ReceiveWindow += owed;
        return owed;
    }

    internal void MarkDisposed(long now)
    {
        IsDisposed = true;
        DisposedAt = now;
    }

    internal void Fail(Libp2pException failure)
    {
        Failure ??= failure;
        Sending.Fail(failure);
        _received.Writer.Complete(failure);
    }

    internal void MarkEnded() => _ended.TrySetResult();
}
