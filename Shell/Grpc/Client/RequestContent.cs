using System.Net;
using Google.Protobuf;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>The body of a request: one message at once, or a stream that is written to until it is completed.</summary>
internal sealed class RequestContent : HttpContent
{
    private readonly ReadOnlyMemory<byte>? _whole;
    private readonly TaskCompletionSource<Stream?> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RequestContent(ReadOnlyMemory<byte>? whole)
    {
        _whole = whole;
        Headers.TryAddWithoutValidation("content-type", ContentType.Grpc);
    }

    /// <summary>It has its message, and takes no other.</summary>
    public bool IsWhole => _whole is not null;

    /// <summary>Where messages go; null: the stream was closed before it could take any.</summary>
    public Task<Stream?> Sink => _stream.Task;

    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: too long.</exception>
    public static RequestContent Of(IMessage message, int maxBytes) => new(MessageFrame.Encode(message, maxBytes));

    public static RequestContent Open() => new(null);

    /// <summary>No message follows.</summary>
    public void Complete()
    {
        _stream.TrySetResult(null);
        _end.TrySetResult();
    }

    /// <summary>The call is over: a stream that was not completed is cut off, so that the server never takes it for whole.</summary>
    public void Abort()
    {
        _stream.TrySetResult(null);
        _end.TrySetCanceled();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_whole is { } whole)
        {
            await stream.WriteAsync(whole, cancellationToken);
            return;
        }

        await stream.FlushAsync(cancellationToken); // the headers go out before the first message
        _stream.TrySetResult(stream);
        await _end.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
