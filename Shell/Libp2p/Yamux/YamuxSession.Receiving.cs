namespace Nitro.Libp2p.Yamux;

/// <summary>What a session makes of the frames that arrive.</summary>
internal sealed partial class YamuxSession
{
    // Never fails: whatever goes wrong ends the session, which says so.
    private async Task ReadLoopAsync()
    {
        try
        {
            while (true)
            {
                var chunk = await _channel.ReadChunkAsync(_stop.Token).ConfigureAwait(false);
                if (chunk.IsEmpty)
                {
                    End(new Libp2pException(Libp2pError.Disconnected, "The other side closed the connection."));
                    return;
                }

                _keepAlive.Heard();
                bool wake, owes;
                lock (_gate)
                {
                    if (_failure is not null)
                    {
                        return;
                    }

                    wake = Process(chunk.Span);
                    owes = _queue.OwesAnswers;
                }

                if (owes)
                {
                    SendNow(); // Nothing more is read before it is tried: who reads the answers is never cut for what we owe.
                }
                else if (wake)
                {
                    Wake();
                }
            }
        }
        catch (Libp2pException e)
        {
            End(e);
        }
        catch (Exception e)
        {
            // A session that nobody reads must not seem alive, whatever the reason.
            End(new Libp2pException(Libp2pError.Disconnected, "The connection broke.", e));
        }
    }

    private bool Process(ReadOnlySpan<byte> chunk)
    {
        var wake = false;
        while (_reader.TryStep(ref chunk, out var isHeader, out var piece))
        {
            var header = _reader.Header;
            if (isHeader)
            {
                wake |= ProcessHeader(header);
            }
            else if (_streams.TryGetValue(header.StreamId, out var stream))
            {
                wake |= ProcessPiece(stream, piece);
            }

            if (_reader.IsFrameComplete && header.Type == FrameType.Data && header.Flags.HasFlag(FrameFlags.Fin)
                && _streams.TryGetValue(header.StreamId, out var finished))
            {
                ProcessEnd(finished);
            }
        }

        return wake;
    }

    private bool ProcessHeader(FrameHeader header) => header.Type switch
    {
        FrameType.Ping => ProcessPing(header),
        FrameType.GoAway => ProcessGoAway(header),
        _ => ProcessStreamHeader(header),
    };

    private bool ProcessPing(FrameHeader header)
    {
        if (header.Flags.HasFlag(FrameFlags.Ack))
        {
            Require(_keepAlive.TakePong(header.Length), "The other side sends pongs that nobody asked for.");
            return false;
        }

        Require(_keepAlive.TakePing() && _queue.TryPong(header.Length), "The other side pings too often.");
        return true;
    }

    private bool ProcessGoAway(FrameHeader header)
    {
        _wentAway = true;
        if (header.Length != FrameHeader.GoAwayNormal)
        {
            throw new Libp2pException(Libp2pError.Disconnected, $"The other side ended the connection with code {header.Length}.");
        }

        return false;
    }

    private bool ProcessStreamHeader(FrameHeader header)
    {
        var wake = header.Flags.HasFlag(FrameFlags.Syn) && ProcessOpen(header.StreamId);
        _streams.TryGetValue(header.StreamId, out var stream);
        if (header.Type == FrameType.Data)
        {
            // Of a stream that is forgotten here, the other side may still send what it was granted.
            Require(header.Length <= (stream?.ReceiveWindow ?? _options.StreamWindow), "The other side sends more than it was granted.");
        }

        if (stream is null)
        {
            return wake;
        }

        if (header.Flags.HasFlag(FrameFlags.Rst))
        {
            Require(!stream.IsInbound || _keepAlive.TakeReset(), "The other side opens streams to reset them.");
            Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The other side reset the stream."), tell: false);
            return wake;
        }

        if (header.Type == FrameType.WindowUpdate)
        {
            stream.Sending.Widen(header.Length);
            wake |= _queue.TryEnqueue(stream);
            if (header.Flags.HasFlag(FrameFlags.Fin))
            {
                ProcessEnd(stream);
            }
        }

        return wake;
    }

    private bool ProcessOpen(uint id)
    {
        Require((id % 2 == 1) != _isClient, "The other side opens a stream under a number of ours.");
        Require(!_streams.ContainsKey(id), "The other side opens a stream that is open.");
        if (_inbound >= _options.MaxInboundStreams || _wentAway)
        {
            Require(_queue.TryReset(id), "The other side opens streams and does not read the refusals.");
            return true;
        }

        _inbound++;
        var stream = new YamuxStream(this, id, isInbound: true, _options.StreamWindow);
        _streams.Add(id, stream);
        _queue.TryEnqueue(stream);
        _accept(stream);
        return true;
    }

    private bool ProcessPiece(YamuxStream stream, ReadOnlySpan<byte> piece)
    {
        if (stream.IsDisposed)
        {
            // Nobody reads it any more: the other side may as well stop.
            Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The stream was left."), tell: true);
            return true;
        }

        if (stream.RemoteClosed)
        {
            throw new Libp2pException(Libp2pError.Violation, "The other side sends on a stream that it had closed.");
        }

        if (!_budget.TryTake(piece.Length))
        {
            Cut(stream, new Libp2pException(Libp2pError.LimitReached, "Too much waits to be read."), tell: true);
            return true;
        }

        stream.Take(piece);
        stream.Show();
        return false;
    }

    private void ProcessEnd(YamuxStream stream)
    {
        if (!stream.RemoteClosed)
        {
            stream.TakeEnd();
            Finish(stream);
        }
    }

    private static void Require(bool condition, string complaint)
    {
        if (!condition)
        {
            throw new Libp2pException(Libp2pError.Violation, complaint);
        }
    }
}
