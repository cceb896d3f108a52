using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Nitro.Grpc;
using Nitro.Ports;
using Nitro.Signing;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>
/// What a node serves for its signers, and the stage behind it. It holds no key and stores nothing: what waits is asked again by the next
/// process, out of the journal.
/// </summary>
public sealed class SignerApiServer : IAsyncDisposable
{
    private readonly ILogger _logger;
    private readonly StageHost _stage;
    private readonly SignerGate _gate;
    private readonly AnswerCheck _check;
    private readonly PairedDoor? _door;
    private GrpcServer? _server;
    private int _asked;
    private int _isDisposed;

    private SignerApiServer(SignerApiOptions options, RecoverSigner recover, ILogger logger)
    {
        _logger = logger;
        _stage = new StageHost(logger, options.Patience);
        _gate = new SignerGate(options.Known);
        _check = new AnswerCheck(recover);
        _door = options.Door;
    }

    /// <summary>Where signers attach.</summary>
    public Uri Address => _server!.Addresses[0];

    /// <summary>Whether signers are there, and what waits.</summary>
    public SignerHealth Health => _stage.Health;

    internal StageHost Stage => _stage;

    /// <summary>Starts serving.</summary>
    /// <exception cref="GrpcSetupException">The address cannot be used.</exception>
    public static async Task<SignerApiServer> StartAsync(
        SignerApiOptions options, RecoverSigner recover, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var server = new SignerApiServer(options, recover, loggers.CreateLogger("Nitro.SignerApi"));
        try
        {
            var handlers = new GrpcHandlers()
                .ServerStreaming(SignerApiMethods.StreamHsmRequests, server.StreamAsync)
                .Unary(SignerApiMethods.RespondHsmRequest, server.RespondAsync);
            if (options.Door is not null)
            {
                handlers.Unary(SignerApiMethods.Pair, server.PairAsync);
            }

            if (options.ServesHsm)
            {
                handlers.Unary(SignerApiMethods.Request, server.RequestAsync).Unary(SignerApiMethods.Ping, (_, _) => Task.FromResult(new Empty()));
            }

            server._server = await GrpcServer.StartAsync(
                new GrpcServerOptions { Endpoints = [options.Endpoint] }, handlers, loggers, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whose node this is: known, or told by the first signer that attaches.</summary>
    public Task<SignerAddresses> MetAsync(CancellationToken cancellationToken) => _gate.Met.WaitAsync(cancellationToken);

    /// <summary>The signer of states and vouchers, once its address is known.</summary>
    public RemoteSigner Signer(SignerAddresses addresses) => new(_stage, addresses.ChannelBytes);

    /// <summary>The signer of transactions.</summary>
    public RemoteTransactionSigner TransactionSigner(SignerAddresses addresses) => new(_stage, addresses.ChainBytes);

    /// <summary>The network identity.</summary>
    public RemoteNetworkKeys NetworkKeys(SignerAddresses addresses) => new(_stage, addresses.ChannelBytes);

    /// <summary>Sends the signers away.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _stage.DisposeAsync();
    }

    private static async Task SendAsync(Attachment attachment, GrpcResponses<HsmRequest> responses, CancellationToken cancellationToken)
    {
        await foreach (var requests in attachment.RequestsAsync(cancellationToken))
        {
            using var tracing = Tracing.Source.StartActivity("deliver");
            await responses.WriteAsync(requests, cancellationToken);
        }
    }

    /// <summary>Says that the node is there, and watches that the signer is.</summary>
    private static async Task BeatAsync(Attachment attachment, GrpcResponses<HsmRequest> responses, CancellationToken cancellationToken)
    {
        var beat = new HsmRequest { Raw = ByteString.CopyFrom(SignerApiTerms.HeartbeatRaw), Delivery = attachment.FirstDelivery };
        using var timer = new PeriodicTimer(SignerApiTerms.Heartbeat);
        var writing = Task.CompletedTask;
        do
        {
            if (attachment.Silence > SignerApiTerms.Silence)
            {
                throw new GrpcException(
                    GrpcStatusCode.Unavailable,
                    string.Create(CultureInfo.InvariantCulture, $"The signer gave no sign of life for {attachment.Silence.TotalSeconds:0.0} seconds."));
            }

            // Not awaited: a signer that takes nothing must be noticed all the same.
            if (writing.IsCompleted)
            {
                await writing;
                writing = responses.WriteAsync(beat, cancellationToken);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task StreamAsync(Empty request, GrpcResponses<HsmRequest> responses, GrpcServerCall call)
    {
        _door?.Admit(call);
        var addresses = _gate.Enter(call.Metadata);
        await call.SendHeadersAsync();
        var attachment = _stage.Attach();
        var since = Stopwatch.GetTimestamp();
        _logger.LogInformation("Signer {Attachment} of {Address} attached; {Waiting} requests wait", attachment.Name, addresses.Channel, _stage.Health.Pending);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        Task[] work = [SendAsync(attachment, responses, over.Token), BeatAsync(attachment, responses, over.Token)];
        var cause = "it left";
        try
        {
            await await Task.WhenAny(work);
        }
        catch (GrpcException e)
        {
            cause = e.Message;
            throw;
        }
        finally
        {
            _stage.Detach(attachment);
            await over.CancelAsync();
            foreach (var task in work)
            {
                _ = task.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            }

            _logger.LogInformation(
                "Signer {Attachment} is gone after {Seconds:0.0} s: {Cause}", attachment.Name, Stopwatch.GetElapsedTime(since).TotalSeconds, cause);
        }
    }

    private Task<PairResponse> PairAsync(PairRequest request, GrpcServerCall call)
    {
        _door!.Pair(request, call);
        _logger.LogInformation("A signer was paired from {Address}, {Count} in all", call.RemoteEndPoint, _door.Paired.Count);
        return Task.FromResult(new PairResponse());
    }

    private Task<Empty> RespondAsync(HsmResponse response, GrpcServerCall call)
    {
        _door?.Admit(call);
        _stage.FindAttachment(response.Delivery)?.Hear();
        if (response.RequestId == 0)
        {
            return Task.FromResult(new Empty());
        }

        if (response.More.Count > SignerApiTerms.MostInFlight)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"An answer comes with at most {SignerApiTerms.MostInFlight} others; nothing of this was read.");
        }

        using var tracing = Tracing.Source.StartActivity("hear");
        var acks = response.More.Count == 0 ? Answer(response) : string.Join(',', response.More.Prepend(response).Select(TryAnswer));
        call.Trailers.Add(SignerApiTerms.Ack, acks);
        return Task.FromResult(new Empty());
    }

    /// <summary>One of several: that it cannot be read is its own affair.</summary>
    private string TryAnswer(HsmResponse response)
    {
        try
        {
            return Answer(response);
        }
        catch (GrpcException)
        {
            return SignerApiTerms.Unreadable; // and told in the log
        }
    }

    /// <summary>What became of it.</summary>
    /// <exception cref="GrpcException">It cannot be read.</exception>
    private string Answer(HsmResponse response)
    {
        var ack = Take(response);
        if (ack == StageAck.Unknown)
        {
            _stage.CountWrongAnswer();
        }

        return ack.ToString().ToLowerInvariant();
    }

    private StageAck Take(HsmResponse response)
    {
        if (_stage.FindRequest(response.RequestId) is not { } request)
        {
            // Ended or never asked: the stage knows which.
            return _stage.Answer(response.RequestId, response.Delivery, []);
        }

        IReadOnlyList<SigningResult>? results;
        try
        {
            results = _check.Read(response, request);
        }
        catch (GrpcException e)
        {
            _stage.CountWrongAnswer();
            _logger.LogWarning("A signer's answer to request {Id} is left aside: {Cause}", response.RequestId, e.Message);
            throw;
        }

        if (results is null)
        {
            _logger.LogWarning(
                "A signer's answer to request {Id} is left aside: a signature in it is not by the expected key over what was asked", response.RequestId);
            return StageAck.Unknown;
        }

        return _stage.Answer(response.RequestId, response.Delivery, results);
    }

    /// <summary>For those who have something to be signed and are no part of the node: they wait in a lane of their own.</summary>
    private async Task<HsmResponse> RequestAsync(HsmRequest request, GrpcServerCall call)
    {
        var addresses = await _gate.Met.WaitAsync(call.CancellationToken);
        var answers = ItemRequests.Read(request.Raw, addresses, out var jobs);
        var lane = string.Create(CultureInfo.InvariantCulture, $"hsm/{Interlocked.Increment(ref _asked)}");
        try
        {
            _stage.Submit(lane, jobs, isTimeCritical: false);
            var results = new SignResults { Version = SignerApiTerms.Version };
            foreach (var answer in answers)
            {
                var result = await answer.WaitAsync(call.CancellationToken);
                results.Results.Add(new SignResult { Signature = ByteString.CopyFrom(result.Signature.Span), Refused = result.RefusedTag ?? "" });
            }

            return new HsmResponse { RequestId = request.RequestId, Raw = results.ToByteString() };
        }
        catch (InvalidOperationException e)
        {
            throw new GrpcException(GrpcStatusCode.ResourceExhausted, $"The request is not taken: {e.Message}. Ask again later.");
        }
        finally
        {
            _stage.Close(lane);
        }
    }
}
