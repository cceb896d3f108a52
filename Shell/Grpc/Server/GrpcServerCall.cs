using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>One call, as its handler sees it: who calls, with what metadata, until when. Not to be used after the handler has returned.</summary>
public sealed class GrpcServerCall
{
    private readonly HttpContext _http;
    private readonly GrpcServerOptions _options;
    private readonly CallLife _life;
    private readonly ResponseBody _body;

    internal GrpcServerCall(HttpContext http, GrpcMetadata metadata, GrpcServerOptions options, CallLife life, ResponseBody body)
    {
        _http = http;
        _options = options;
        _life = life;
        _body = body;
        Metadata = metadata;
    }

    /// <summary>The method's path.</summary>
    public string Method => _http.Request.Path.Value ?? "";

    /// <summary>What the client sent along.</summary>
    public GrpcMetadata Metadata { get; }

    /// <summary>Goes out before the first message, or with <see cref="SendHeadersAsync"/>; later additions are lost.</summary>
    public GrpcMetadata Headers => _body.Headers;

    /// <summary>Goes out with the status OK; a <see cref="GrpcException"/> brings its own.</summary>
    public GrpcMetadata Trailers { get; } = new();

    /// <summary>When the client gives up, by this machine's clock; null if it never does.</summary>
    public DateTimeOffset? Deadline => _life.Deadline;

    /// <summary>Fires when the client cancels or is gone, when the deadline passes, and when the server stops.</summary>
    public CancellationToken CancellationToken => _life.Token;

    /// <summary>The certificate that the client proved to have, where the endpoint asks for one.</summary>
    public X509Certificate2? ClientCertificate => _http.Connection.ClientCertificate;

    /// <summary>The other end; null on a Unix socket.</summary>
    public IPEndPoint? RemoteEndPoint =>
        _http.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, _http.Connection.RemotePort) : null;

    /// <summary>Sends the headers now, so that the client knows that its call was taken before there is a first message.</summary>
    public Task SendHeadersAsync() => OutAsync(_body.SendHeadersAsync(_life.Token));

    internal Task SendAsync(IReadOnlyList<IMessage> messages, CancellationToken cancellationToken) =>
        OutAsync(_body.SendAsync(messages, cancellationToken, _life.Token));

    /// <summary>The one response: goes out together with the status.</summary>
    internal Task AnswerAsync(IMessage message) => _body.HoldAsync(message, _life.Token);

    /// <summary>The one request, and the end of the stream behind it.</summary>
    internal async Task<T> ReadSingleAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_life.Token);
        limit.CancelAfter(_options.RequestTimeout);
        try
        {
            MessageReader<T> requests = Reader(parser);
            T request = await ReadAsync(requests, limit.Token)
                ?? throw new GrpcException(GrpcStatusCode.Internal, "The call came without a request.");
            return await ReadAsync(requests, limit.Token) is null
                ? request
                : throw new GrpcException(GrpcStatusCode.Internal, "The call came with more than one request.");
        }
        catch (OperationCanceledException) when (!_life.Token.IsCancellationRequested)
        {
            throw new GrpcException(
                GrpcStatusCode.DeadlineExceeded, $"The request did not arrive within {_options.RequestTimeout.TotalSeconds} seconds.");
        }
    }

    internal async IAsyncEnumerable<T> ReadAllAsync<T>(MessageParser<T> parser, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IMessage<T>
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _life.Token);
        MessageReader<T> requests = Reader(parser);
        while (await ReadAsync(requests, either.Token) is { } request)
        {
            yield return request;
        }
    }

    private MessageReader<T> Reader<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        PipeReader body = _http.Request.BodyReader;
        return new MessageReader<T>(body, parser, _options.MaxReceiveBytes, _http.Request.Headers["grpc-encoding"]);
    }

    private async ValueTask<T?> ReadAsync<T>(MessageReader<T> requests, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        try
        {
            return await requests.ReadAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw Left(e);
        }
    }

    private async Task OutAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (IOException e)
        {
            throw Left(e);
        }
    }

    /// <summary>A connection that breaks is the client's leaving: the token fires, if it has not, and the exception is that of its cancelling.</summary>
    private OperationCanceledException Left(IOException cause)
    {
        _life.ClientLeft();
        return new OperationCanceledException("The client is gone.", cause, _life.Token);
    }
}
