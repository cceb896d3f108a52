using System.Collections.Concurrent;
using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Stands between a node and its signer, passes on what both say, and keeps what the signer was asked.</summary>
internal sealed class SignerTap : IAsyncDisposable
{
    private readonly ConcurrentQueue<HsmRequest> _asked = new();
    private readonly GrpcChannel _node;
    private GrpcServer _server = null!;

    private SignerTap(Uri node) => _node = new GrpcChannel(node);

    /// <summary>Where the signer attaches.</summary>
    public string Address => _server.Addresses[0].ToString();

    /// <summary>All requests so far, in order; no heartbeats.</summary>
    public IReadOnlyList<HsmRequest> Asked => [.. _asked];

    /// <summary>On a socket file, in front of a node that may come later.</summary>
    public static async Task<SignerTap> StartAsync(string socket, Uri node)
    {
        var tap = new SignerTap(node);
        var handlers = new GrpcHandlers()
            .ServerStreaming(SignerApiMethods.StreamHsmRequests, tap.StreamAsync)
            .Unary(SignerApiMethods.RespondHsmRequest, tap.RespondAsync);
        tap._server = await GrpcServer.StartAsync(new GrpcServerOptions { Endpoints = [GrpcEndpoint.Unix(socket)] }, handlers, null, CancellationToken.None);
        return tap;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _node.Dispose();
    }

    private async Task StreamAsync(Empty request, GrpcResponses<HsmRequest> responses, GrpcServerCall call)
    {
        var metadata = new GrpcMetadata();
        foreach (var name in (string[])[SignerApiTerms.ChannelAddress, SignerApiTerms.ChainAccount])
        {
            metadata.Add(name, call.Metadata.Find(name)!.Value);
        }

        using var onward = _node.Start(SignerApiMethods.StreamHsmRequests, request, new GrpcCallOptions { Metadata = metadata }, call.CancellationToken);
        await foreach (var asked in onward.ReadAllAsync(call.CancellationToken))
        {
            if (asked.RequestId != 0)
            {
                _asked.Enqueue(asked);
            }

            await responses.WriteAsync(asked, call.CancellationToken);
        }
    }

    private async Task<Empty> RespondAsync(HsmResponse response, GrpcServerCall call)
    {
        using var onward = _node.Start(SignerApiMethods.RespondHsmRequest, response, null, call.CancellationToken);
        var answer = await onward.SingleAsync(call.CancellationToken);
        if (onward.Trailers.Find(SignerApiTerms.Ack) is { } ack)
        {
            call.Trailers.Add(SignerApiTerms.Ack, ack.Value);
        }

        return answer;
    }
}
