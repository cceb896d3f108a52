namespace Nitro.Libp2p.Yamux;

/// <summary>
/// What a session has to send, in the order in which it goes out: pongs and pings, refusals, then the streams in turn. Used
/// under the session's gate; copies bytes, waits for nothing.
/// </summary>
internal sealed class SendQueue(int maxOwedAnswers, int windowStep)
{
    // A frame is not begun for a few bytes at the end of a buffer when there are more to send.
    private const int WorthFrame = 256;

    private readonly Queue<uint> _pongs = new();
    private readonly Queue<uint> _resets = new();
    private readonly Queue<YamuxStream> _ready = new();
    private uint? _ping;
    private uint? _goAway;

    /// <summary>The most bytes of one frame's payload, which is 64 KiB with its header.</summary>
    internal const int MaxPayload = 65536 - FrameHeader.Size;

    /// <summary>Whether pongs or refusals are in no frame yet.</summary>
    internal bool OwesAnswers => _pongs.Count + _resets.Count > 0;

    /// <summary>Whether there is nothing to send.</summary>
    internal bool IsEmpty => !OwesAnswers && _ready.Count == 0 && _ping is null && _goAway is null;

    /// <summary>Asks for a sign of life.</summary>
    internal void Ping(uint value) => _ping = value;

    /// <summary>Says goodbye, after all that is ready.</summary>
    internal void GoAway(uint reason) => _goAway ??= reason;

    /// <summary>Answers a ping. False where the other side asks and does not read.</summary>
    internal bool TryPong(uint value)
    {
        _pongs.Enqueue(value);
        return _pongs.Count <= maxOwedAnswers;
    }

    /// <summary>Cuts a stream. False where the other side opens and does not read.</summary>
    internal bool TryReset(uint id)
    {
        _resets.Enqueue(id);
        return _resets.Count <= maxOwedAnswers;
    }

    /// <summary>Puts a stream in line if it has something to say. True if it was not in line before.</summary>
    internal bool TryEnqueue(YamuxStream stream)
    {
        var half = stream.Sending;
        if (half.IsQueued || !HasWork(half))
        {
            return false;
        }

        half.IsQueued = true;
        _ready.Enqueue(stream);
        return true;
    }

    /// <summary>Writes as many whole frames as fit and gives back their length; 0 where there is nothing to send.</summary>
    /// <param name="output">Room for them.</param>
    /// <param name="finished">Told of each stream that has now said its last.</param>
    internal int Fill(Span<byte> output, Action<YamuxStream> finished)
    {
        var length = 0;
        while (_pongs.Count > 0 && TryHeader(output, ref length, new FrameHeader(FrameType.Ping, FrameFlags.Ack, 0, _pongs.Peek())))
        {
            _pongs.Dequeue();
        }

        if (_ping is { } ping && TryHeader(output, ref length, new FrameHeader(FrameType.Ping, FrameFlags.Syn, 0, ping)))
        {
            _ping = null;
        }

        while (_resets.Count > 0 && TryHeader(output, ref length, new FrameHeader(FrameType.WindowUpdate, FrameFlags.Rst, _resets.Peek(), 0)))
        {
            _resets.Dequeue();
        }

        // Each stream has one turn in a buffer; who has more to say stands at the end of the line again.
        for (var turns = _ready.Count; turns > 0 && output.Length - length >= 3 * FrameHeader.Size; turns--)
        {
            var stream = _ready.Dequeue();
            stream.Sending.IsQueued = false;
            if (stream.Failure is null)
            {
                Speak(stream, output, ref length);
                TryEnqueue(stream);
                if (stream.Sending.Closed)
                {
                    finished(stream);
                }
            }
        }

        if (_ready.Count == 0 && _goAway is { } reason && TryHeader(output, ref length, new FrameHeader(FrameType.GoAway, 0, 0, reason)))
        {
            _goAway = null;
        }

        return length;
    }

    private static bool TryHeader(Span<byte> output, ref int length, FrameHeader header)
    {
        var fits = output.Length - length >= FrameHeader.Size;
        if (fits)
        {
            header.Write(output[length..]);
            length += FrameHeader.Size;
        }

        return fits;
    }

    private bool HasWork(SendHalf half) =>
        half.Opens || half.Accepts || half.Owed >= windowStep || half.Sendable > 0 || half.WantsToClose;

    private void Speak(YamuxStream stream, Span<byte> output, ref int length)
    {
        var half = stream.Sending;
        var flags = (half.Opens ? FrameFlags.Syn : 0) | (half.Accepts ? FrameFlags.Ack : 0);
        if (flags != 0 || half.Owed >= windowStep)
        {
            half.Opens = half.Accepts = false;
            TryHeader(output, ref length, new FrameHeader(FrameType.WindowUpdate, flags, stream.Id, (uint)stream.Grant()));
        }

        var room = Math.Min(output.Length - length - FrameHeader.Size, MaxPayload);
        var count = Math.Min(half.Sendable, room);
        if (count > 0 && (count == half.Sendable || count >= WorthFrame))
        {
            TryHeader(output, ref length, new FrameHeader(FrameType.Data, 0, stream.Id, (uint)count));
            half.Move(output.Slice(length, count));
            length += count;
        }

        if (half.WantsToClose && TryHeader(output, ref length, new FrameHeader(FrameType.WindowUpdate, FrameFlags.Fin, stream.Id, 0)))
        {
            half.Closed = true;
        }
    }
}
