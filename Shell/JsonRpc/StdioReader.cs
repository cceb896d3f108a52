using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// Cuts a byte stream into messages. A message over the limit is passed over without being kept and reported in its place; a header that
/// cannot be understood is reported and ends the input, since nothing tells where the next message starts.
/// </summary>
internal sealed class StdioReader(PipeReader input, int maxBytes)
{
    private const int MaxHeaderBytes = 4096;
    private StdioFraming _framing;
    private bool _isOver;

    /// <summary>Waits for the first byte that is not white space; null when the input ends before.</summary>
    public async ValueTask<StdioFraming?> DetectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await NextAsync(cancellationToken);
            SequencePosition end = read.Buffer.End;
            if (FirstVisible(read.Buffer) is { } start)
            {
                _framing = read.Buffer.Slice(start).FirstSpan[0] is (byte)'C' or (byte)'c' ? StdioFraming.Header : StdioFraming.Line;
                input.AdvanceTo(start, start);
                return _framing;
            }

            input.AdvanceTo(end);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    /// <summary>The next message, or null at the end.</summary>
    public async ValueTask<Incoming?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_isOver)
        {
            return null;
        }

        return _framing == StdioFraming.Line ? await ReadLineAsync(cancellationToken) : await ReadHeaderedAsync(cancellationToken);
    }

    private async ValueTask<Incoming?> ReadLineAsync(CancellationToken cancellationToken)
    {
        bool tooLarge = false;
        while (true)
        {
            ReadResult read = await NextAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            SequencePosition? newline = buffer.PositionOf((byte)'\n');
            ReadOnlySequence<byte> line = newline is { } found ? buffer.Slice(0, found) : buffer;
            tooLarge |= line.Length > maxBytes;
            if (newline is null && !read.IsCompleted)
            {
                input.AdvanceTo(tooLarge ? buffer.End : buffer.Start, buffer.End);
                continue;
            }

            Incoming? incoming = tooLarge ? new Incoming(default, Problems.TooLarge(maxBytes))
                : FirstVisible(line) is not null ? new Incoming(line.ToArray())
                : null;
            input.AdvanceTo(newline is { } after ? buffer.GetPosition(1, after) : buffer.End);
            if (incoming is not null || newline is null)
            {
                return incoming;
            }
        }
    }

    private async ValueTask<Incoming?> ReadHeaderedAsync(CancellationToken cancellationToken)
    {
        long length = -1;
        for (int headerBytes = 0; ;)
        {
            (string? line, NodeProblem? problem) = await ReadHeaderLineAsync(cancellationToken);
            if (line is null)
            {
                bool cleanEnd = problem is null && headerBytes == 0;
                return cleanEnd ? null : Broken(problem ?? Problems.Framing("the input ended inside a header"));
            }

            headerBytes += line.Length + 1;
            if (headerBytes > MaxHeaderBytes)
            {
                return Broken(Problems.Framing("the header is too long"));
            }

            if (line.Length == 0)
            {
                return length < 0
                    ? Broken(Problems.Framing("the header has no Content-Length"))
                    : await ReadBodyAsync(length, cancellationToken);
            }

            if (!TryHeader(line, ref length))
            {
                return Broken(Problems.Framing("a header line is not 'Name: value', or its Content-Length no number"));
            }
        }
    }

    private async ValueTask<(string? Line, NodeProblem? Problem)> ReadHeaderLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await NextAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } newline && buffer.Slice(0, newline).Length <= MaxHeaderBytes)
            {
                string line = Encoding.Latin1.GetString(buffer.Slice(0, newline)).TrimEnd('\r');
                input.AdvanceTo(buffer.GetPosition(1, newline));
                return (line, null);
            }

            bool isLong = buffer.Length > MaxHeaderBytes;
            bool isCut = read.IsCompleted && !buffer.IsEmpty;
            input.AdvanceTo(buffer.Start, buffer.End);
            if (isLong || read.IsCompleted)
            {
                return (null, isLong ? Problems.Framing("the header is too long")
                    : isCut ? Problems.Framing("the input ended inside a header")
                    : null);
            }
        }
    }

    private async ValueTask<Incoming?> ReadBodyAsync(long length, CancellationToken cancellationToken)
    {
        bool tooLarge = length > maxBytes;
        for (long missing = length; ;)
        {
            ReadResult read = await NextAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.Length >= missing)
            {
                SequencePosition end = buffer.GetPosition(missing);
                Incoming incoming = tooLarge
                    ? new Incoming(default, Problems.TooLarge(maxBytes))
                    : new Incoming(buffer.Slice(0, end).ToArray());
                input.AdvanceTo(end);
                return incoming;
            }

            missing -= tooLarge ? buffer.Length : 0;
            input.AdvanceTo(tooLarge ? buffer.End : buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                return Broken(Problems.Framing("the input ended inside a message"));
            }
        }
    }

    private static bool TryHeader(string line, ref long length)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            return false;
        }

        // Content-Type and whatever else comes has no bearing: it is JSON in UTF-8 or it is refused.
        return !line.AsSpan(0, colon).Trim().Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            || (long.TryParse(line.AsSpan(colon + 1).Trim(), System.Globalization.NumberStyles.None, null, out length) && length >= 0);
    }

    private Incoming Broken(NodeProblem problem)
    {
        _isOver = true;
        return new Incoming(default, problem);
    }

    // A console's read heeds no token; whoever stops does not wait for it.
    private Task<ReadResult> NextAsync(CancellationToken cancellationToken) =>
        input.ReadAsync(CancellationToken.None).AsTask().WaitAsync(cancellationToken);

    private static SequencePosition? FirstVisible(ReadOnlySequence<byte> bytes)
    {
        var reader = new SequenceReader<byte>(bytes);
        reader.AdvancePastAny(" \t\r\n"u8);
        return reader.End ? null : reader.Position;
    }
}
