using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>One stay at a node: from the call that attaches to its end. Requests and heartbeats come in, answers go out beside them.</summary>
internal sealed class Attachment : IDisposable
{
    private static readonly ByteString HeartbeatReply = ByteString.CopyFrom(SignerApiTerms.HeartbeatReplyRaw);
    private static readonly GrpcCallOptions AnswerTime = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly GrpcChannel _channel;
    private readonly Workbench _bench;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost;
    private readonly SemaphoreSlim _answering = new(SignerApiTerms.MostInFlight, SignerApiTerms.MostInFlight);
    private volatile bool _isLost;

    public Attachment(GrpcChannel channel, Workbench bench, ILogger logger, CancellationToken cancellationToken)
    {
        (_channel, _bench, _logger) = (channel, bench, logger);
        _lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>It is over: what it brought is not judged any more.</summary>
    public bool IsLost => _isLost;

    /// <summary>Called when the node says something for the first time.</summary>
    public Action Heard { private get; init; } = () => { };

    /// <summary>The node said something.</summary>
    public bool WasHeard { get; private set; }

    /// <summary>Takes requests until the node ends the call, falls silent, or the token fires.</summary>
    /// <exception cref="GrpcException">The node is gone, or does not want this signer.</exception>
    /// <exception cref="OperationCanceledException">It fell silent, or the token fired.</exception>
    public async Task RunAsync(GrpcMetadata addresses)
    {
        try
        {
            using var call = _channel.Start(
                SignerApiMethods.StreamHsmRequests, new Empty(), new GrpcCallOptions { Metadata = addresses }, _lost.Token);
            _lost.CancelAfter(SignerApiTerms.Silence);
            while (await call.ReadAsync(_lost.Token) is { } request)
            {
                if (!WasHeard)
                {
                    WasHeard = true;
                    Heard();
                }

                if (request.RequestId == 0)
                {
                    _ = SendAsync(new HsmResponse { Raw = HeartbeatReply, Delivery = request.Delivery });
                }
                else
                {
                    using var tracing = Tracing.Source.StartActivity("receive");
                    await _bench.PutAsync(new Errand(this, request), _lost.Token);
                }

                _lost.CancelAfter(SignerApiTerms.Silence);
            }
        }
        finally
        {
            _isLost = true;
            await _lost.CancelAsync();
        }
    }

    /// <summary>Answers while others are judged, and brings along what may come together; waits where too many calls are under way.</summary>
    public async Task AnswerAsync(IReadOnlyList<Answer> answers, CancellationToken cancellationToken)
    {
        foreach (var response in Together(answers))
        {
            await _answering.WaitAsync(cancellationToken);
            _ = SendAndReleaseAsync(response);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isLost = true;
        _lost.Cancel();
    }

    private static IEnumerable<HsmResponse> Together(IReadOnlyList<Answer> answers)
    {
        foreach (var some in answers.Where(answer => answer.MayBeTogether).Select(answer => answer.Response).Chunk(SignerApiTerms.MostTogether))
        {
            some[0].More.AddRange(some.Skip(1));
            yield return some[0];
        }

        foreach (var alone in answers.Where(answer => !answer.MayBeTogether))
        {
            yield return alone.Response;
        }
    }

    private async Task SendAndReleaseAsync(HsmResponse response)
    {
        await SendAsync(response);
        _answering.Release();
    }

    private void Tell(uint id, string ack)
    {
        if (ack == SignerApiTerms.Unknown)
        {
            _logger.LogWarning("The node takes no answer to request {Id}: it did not ask that, or expects another key", id);
        }
        else if (ack == SignerApiTerms.Unreadable)
        {
            _logger.LogError("The node cannot read the answer to request {Id}; its log tells why", id);
        }
    }

    /// <summary>Never fails: what does not arrive is asked again, at the latest by the next attachment.</summary>
    private async Task SendAsync(HsmResponse response)
    {
        try
        {
            using var tracing = response.RequestId == 0 ? null : Tracing.Source.StartActivity("answer");
            using var call = _channel.Start(SignerApiMethods.RespondHsmRequest, response, AnswerTime, _lost.Token);
            await call.SingleAsync(_lost.Token);
            foreach (var (answer, ack) in response.More.Prepend(response).Zip((call.Trailers.Find(SignerApiTerms.Ack)?.Value ?? "").Split(',')))
            {
                Tell(answer.RequestId, ack);
            }
        }
        catch (OperationCanceledException)
        {
            // The attachment is over.
        }
        catch (GrpcException e) when (e.Code == GrpcStatusCode.InvalidArgument)
        {
            _logger.LogError("The node cannot read the answer to request {Id}: {Cause}", response.RequestId, e.Message);
        }
        catch (GrpcException e)
        {
            _logger.LogWarning("An answer did not reach the node ({Cause}); attaching anew", e.Message);
            Dispose();
        }
    }
}
