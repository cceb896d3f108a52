using System.Globalization;
using System.Text;

namespace Nitro.JsonRpc;

/// <summary>Writes frames, each in one piece and flushed.</summary>
internal sealed class StdioWriter(Stream output, StdioFraming framing)
{
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        byte[] bytes = framing == StdioFraming.Header ? WithHeader(frame.Span) : AsLine(frame.Span);

        // Writing to a pipe nobody empties does not heed the token, hence the second look at it.
        await WriteAllAsync(bytes, cancellationToken).WaitAsync(cancellationToken);
    }

    private async Task WriteAllAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await Task.Yield(); // a console's write blocks its thread
        await output.WriteAsync(bytes, cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    private static byte[] WithHeader(ReadOnlySpan<byte> frame)
    {
        byte[] header = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {frame.Length}\r\n\r\n"));
        return [.. header, .. frame];
    }

    private static byte[] AsLine(ReadOnlySpan<byte> frame)
    {
        byte[] line = [.. frame, (byte)'\n'];

        // A line end within JSON can only be white space between tokens.
        line.AsSpan(0, frame.Length).Replace((byte)'\n', (byte)' ');
        line.AsSpan(0, frame.Length).Replace((byte)'\r', (byte)' ');
        return line;
    }
}
