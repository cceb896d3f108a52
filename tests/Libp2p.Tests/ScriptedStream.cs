using Nitro.Libp2p.Bytes;

namespace Nitro.Libp2p.Tests;

/// <summary>A stream that gives out bytes known beforehand, then ends, and keeps what is written.</summary>
internal sealed class ScriptedStream(byte[] input, int step = int.MaxValue) : AsyncStream
{
    private readonly MemoryStream _written = new();
    private int _at;

    public byte[] Written => _written.ToArray();

    public byte[] Rest => input[_at..];

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(Math.Min(buffer.Length, step), input.Length - _at);
        input.AsSpan(_at, count).CopyTo(buffer.Span);
        _at += count;
        return new ValueTask<int>(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }
}
