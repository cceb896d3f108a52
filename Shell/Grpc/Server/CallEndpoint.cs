using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>From an HTTP request to a handler, and from the handler's end to a status.</summary>
internal sealed class CallEndpoint(
    GrpcServerOptions options, FrozenDictionary<string, Func<GrpcServerCall, Task>> handlers, ILogger logger, CancellationToken stopping)
{
    private const int NoError = 0;
    private const int Cancel = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private int _running;

    /// <summary>Handlers that have begun and not returned.</summary>
    public int Running => Volatile.Read(ref _running);

    public async Task ServeAsync(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (!ContentType.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        using var body = new ResponseBody(http, options.MaxSendBytes);
        if (TryAccept(http.Request, out Accepted call, out Status refusal))
        {
            await RunAsync(http, call, body);
        }
        else
        {
            await body.EndAsync(refusal);
        }
    }

    private static bool TryReadMetadata(HttpRequest request, GrpcMetadata metadata)
    {
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in request.Headers)
        {
            foreach (string? value in values)
            {
                if (!metadata.TryTake(name, value ?? ""))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryAccept(HttpRequest request, out Accepted accepted, out Status refusal)
    {
        var metadata = new GrpcMetadata();
        string? encoding = request.Headers["grpc-encoding"];
        string? timeoutText = request.Headers["grpc-timeout"];
        TimeSpan timeout = default;
        Func<GrpcServerCall, Task>? handler = handlers.GetValueOrDefault(request.Path.Value ?? "");
        refusal = handler is null
            ? Status.Of(GrpcStatusCode.Unimplemented, $"There is no method {request.Path.Value} here.")
            : !Encodings.IsKnown(encoding)
            ? Status.Of(GrpcStatusCode.Unimplemented, $"Messages in the encoding {encoding} are not taken.")
            : timeoutText is not null && !TimeoutText.TryRead(timeoutText, out timeout)
            ? Status.Of(GrpcStatusCode.Internal, "The header grpc-timeout is not one to eight digits and a unit.")
            : timeoutText is not null && timeout == TimeSpan.Zero
            ? Status.Of(GrpcStatusCode.DeadlineExceeded, "The deadline has passed.")
            : !TryReadMetadata(request, metadata)
            ? Status.Of(GrpcStatusCode.Internal, "A header whose name ends in -bin is not base64.")
            : Status.Ok;
        accepted = new Accepted(handler!, metadata, timeoutText is null ? null : timeout);
        return refusal.Code == GrpcStatusCode.Ok;
    }

    private async Task RunAsync(HttpContext http, Accepted accepted, ResponseBody body)
    {
        using var life = new CallLife(accepted.Timeout, http.RequestAborted, stopping);
        var call = new GrpcServerCall(http, accepted.Metadata, options, life, body);
        Interlocked.Increment(ref _running);
        try
        {
            Task<Status> handling = HandleAsync(accepted.Handler, call, life);
            if (accepted.Timeout is not null)
            {
                await EndInTimeAsync(http, handling, life, body);
            }

            Status status = await handling;
            if (life.IsClientGone)
            {
                http.Abort(); // else the framework would end the response as if it were whole
            }
            else
            {
                await body.EndAsync(status);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>At the deadline the client has its answer, whether the handler heeds its token or not.</summary>
    private static async Task EndInTimeAsync(HttpContext http, Task<Status> handling, CallLife life, ResponseBody body)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration watch = life.DeadlineToken.UnsafeRegister(_ => passed.TrySetResult(), null);
        if (await Task.WhenAny(handling, passed.Task) == handling || life.IsClientGone)
        {
            return;
        }

        bool isTold = await body.TryEndAsync(life.Cut(), Patience);
        http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(isTold ? NoError : Cancel); // what the client still sends is not wanted
    }

    private async Task<Status> HandleAsync(Func<GrpcServerCall, Task> handler, GrpcServerCall call, CallLife life)
    {
        try
        {
            await handler(call);
            return new Status(GrpcStatusCode.Ok, "", call.Trailers);
        }
        catch (Exception e) when (life.Token.IsCancellationRequested)
        {
            logger.LogDebug(e, "{Method} ended because its call was over", call.Method);
            return life.Cut();
        }
        catch (GrpcException e)
        {
            return Status.Of(e);
        }
        catch (Exception e)
        {
            logger.LogError(e, "{Method} failed", call.Method);
            return Status.Of(GrpcStatusCode.Unknown, "The handler failed; the server's log tells why.");
        }
    }

    private readonly record struct Accepted(Func<GrpcServerCall, Task> Handler, GrpcMetadata Metadata, TimeSpan? Timeout);
}
