using System.Net.Sockets;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>
/// One call under way: requests go out, responses come in, each by one task at a time; the two do not wait for each other. Cancelling any
/// part of it cancels all of it. Disposing it before its end cancels it; the server is told at once.
/// </summary>
public sealed class GrpcCall<TRequest, TResponse> : IDisposable
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly GrpcChannelOptions _limits;
    private readonly RequestContent _content;
    private readonly CancellationToken _caller;
    private readonly CallClock _clock;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task<HttpResponseMessage> _opening;
    private readonly Task<TResponse>? _single;
    private MessageReader<TResponse>? _reader;
    private volatile Status? _end;
    private bool _isComplete;

    internal GrpcCall(
        HttpMessageInvoker invoker, Uri origin, GrpcMethod<TRequest, TResponse> method, RequestContent content, GrpcChannelOptions limits,
        GrpcCallOptions? options, CancellationToken cancellationToken)
    {
        _method = method;
        _limits = limits;
        _content = content;
        _caller = cancellationToken;
        _isComplete = content.IsWhole;
        HttpRequestMessage request = CallRequest.Make(origin, method.Path, content, options);
        _clock = new CallClock(options?.Timeout, cancellationToken);
        _opening = OpenAsync(invoker, request);
        Observe(_opening);
        if (method.Kind == GrpcMethodKind.ClientStreaming)
        {
            _single = ReadSingleAsync(cancellationToken); // a server may answer before the last request: writers must learn of it
            Observe(_single);
        }
    }

    /// <summary>What came with the status.</summary>
    /// <exception cref="InvalidOperationException">The call has not ended yet: read its responses to the end.</exception>
    public GrpcMetadata Trailers => _end?.Trailers ?? throw new InvalidOperationException("The trailers come with the end of the call.");

    /// <summary>What the server sent before its first response: arrives with that, with the end, or when the server likes.</summary>
    /// <exception cref="GrpcException">The server was not reached.</exception>
    public async Task<GrpcMetadata> HeadersAsync(CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration watch = CancelWith(cancellationToken);
        try
        {
            return AnswerStatus.Metadata((await _opening).Headers);
        }
        catch (Exception e) when (IsTransport(e))
        {
            throw Failure(e, cancellationToken).ToException(e);
        }
    }

    /// <summary>Sends a request, and returns when the connection has room for the next.</summary>
    /// <exception cref="GrpcException">The call is over: reading the responses tells its status, where this does not.
    /// RESOURCE_EXHAUSTED at once: the message is too long and was not sent; the call goes on.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or the method takes one request.</exception>
    public async Task WriteAsync(TRequest request, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> frame = MessageFrame.Encode(request, _limits.MaxSendBytes);
        await using CancellationTokenRegistration watch = CancelWith(cancellationToken);
        try
        {
            await _writing.WaitAsync(_clock.Token);
            try
            {
                if (_isComplete)
                {
                    throw new InvalidOperationException($"{_method} takes no more requests.");
                }

                Stream stream = await _content.Sink ?? throw new IOException("The stream of requests is closed.");
                await stream.WriteAsync(frame, _clock.Token);
                await stream.FlushAsync(_clock.Token);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception e) when (IsTransport(e))
        {
            throw NotWritten(e, cancellationToken).ToException(e);
        }
    }

    /// <summary>Says that no request follows, once those that are being written are out. Of a call that is over, nothing is left to say.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        _isComplete = true;
        _content.Complete();
        _writing.Release();
    }

    /// <summary>
    /// The next response, or null after the last if the call ended with OK. Where requests are written meanwhile, read meanwhile: only
    /// reading learns that the server has ended the call.
    /// </summary>
    /// <exception cref="GrpcException">It ended otherwise.</exception>
    /// <exception cref="InvalidOperationException">The method answers a stream of requests with one response: <see cref="SingleAsync"/>.</exception>
    public Task<TResponse?> ReadAsync(CancellationToken cancellationToken) =>
        _single is null ? ReadNextAsync(cancellationToken) : throw new InvalidOperationException($"{_method} has one response.");

    /// <summary>The responses from here to the end.</summary>
    /// <exception cref="GrpcException">The call ended with a status other than OK.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } response)
        {
            yield return response;
        }
    }

    /// <summary>The one response of a call that has one, once it ended with OK.</summary>
    /// <exception cref="GrpcException">Any other end; INTERNAL: none or more than one came.</exception>
    public async Task<TResponse> SingleAsync(CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration watch = CancelWith(cancellationToken);
        return await (_single ?? ReadSingleAsync(cancellationToken));
    }

    /// <summary>Cancels the call if it has not ended.</summary>
    public void Dispose()
    {
        _clock.Cancel();
        _clock.Stop();
        _content.Abort();
    }

    private static bool IsTransport(Exception e) =>
        e is IOException or HttpRequestException or SocketException or OperationCanceledException or ObjectDisposedException;

    /// <summary>Whether anybody awaits it or not.</summary>
    private static void Observe(Task task) => _ = task.ContinueWith(
        static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private async Task<TResponse?> ReadNextAsync(CancellationToken cancellationToken)
    {
        Status? end = _end;
        Exception? cause = null;
        if (end is null)
        {
            await using CancellationTokenRegistration watch = CancelWith(cancellationToken);
            try
            {
                (TResponse? response, end) = await NextAsync();
                if (response is not null)
                {
                    return response;
                }
            }
            catch (GrpcException e)
            {
                (end, cause) = (Status.Of(e), e);
            }
            catch (Exception e) when (IsTransport(e))
            {
                (end, cause) = (Failure(e, cancellationToken), e);
            }

            Close(end!);
        }

        return end!.Code == GrpcStatusCode.Ok ? null : throw end.ToException(cause);
    }

    private async Task<TResponse> ReadSingleAsync(CancellationToken cancellationToken)
    {
        TResponse? response = await ReadNextAsync(cancellationToken);
        if (response is not null && await ReadNextAsync(cancellationToken) is null)
        {
            return response;
        }

        Status broken = Status.Of(GrpcStatusCode.Internal, $"The server answered {_method} with a number of messages other than one.");
        Close(broken);
        throw broken.ToException();
    }

    private async Task<HttpResponseMessage> OpenAsync(HttpMessageInvoker invoker, HttpRequestMessage request)
    {
        try
        {
            HttpResponseMessage response = await invoker.SendAsync(request, _clock.Token);
            _clock.Token.UnsafeRegister(static answer => ((HttpResponseMessage)answer!).Dispose(), response); // resets the stream
            return response;
        }
        catch
        {
            _content.Abort();
            throw;
        }
    }

    /// <summary>A response, or the status behind the last.</summary>
    private async Task<(TResponse? Response, Status? End)> NextAsync()
    {
        HttpResponseMessage response = await _opening;
        if (_reader is null)
        {
            if (AnswerStatus.OfHeaders(response) is { } early)
            {
                return (null, early);
            }

            Stream body = await response.Content.ReadAsStreamAsync(_clock.Token);
            var pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true, useZeroByteReads: true));
            _reader = new MessageReader<TResponse>(pipe, _method.Responses, _limits.MaxReceiveBytes, AnswerStatus.Encoding(response));
        }

        return await _reader.ReadAsync(_clock.Token) is { } message ? (message, null) : (null, AnswerStatus.OfTrailers(response));
    }

    /// <summary>Whoever still writes is let go, and a stream that has not ended is reset.</summary>
    private void Close(Status end)
    {
        _end = end;
        Dispose();
    }

    private CancellationTokenRegistration CancelWith(CancellationToken cancellationToken) =>
        cancellationToken == _caller ? default : cancellationToken.UnsafeRegister(static clock => ((CallClock)clock!).Cancel(), _clock);

    /// <summary>What a break of the transport means, unless this side wanted it.</summary>
    private Status Failure(Exception failure, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _caller.ThrowIfCancellationRequested();
        if (_end is { } end)
        {
            return end.Code == GrpcStatusCode.Ok ? Status.Of(GrpcStatusCode.Unavailable, "The call has ended.") : end;
        }

        if (_clock.IsDeadlinePassed)
        {
            return Status.Of(GrpcStatusCode.DeadlineExceeded, "The deadline has passed.");
        }

        return _clock.Token.IsCancellationRequested
            ? throw new OperationCanceledException("The call was cancelled.", failure, _clock.Token)
            : AnswerStatus.OfFailure(failure);
    }

    private Status NotWritten(Exception failure, CancellationToken cancellationToken)
    {
        Status status = Failure(_opening.Exception?.InnerException ?? failure, cancellationToken);
        return _end is null && _opening.IsCompletedSuccessfully && !_clock.IsDeadlinePassed
            ? Status.Of(GrpcStatusCode.Unavailable, "The server takes no more requests; its answer tells why.")
            : status;
    }
}
