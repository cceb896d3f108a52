using Nitro.EventStore.Connection;
using Nitro.EventStore.Protocol;
using Nitro.Grpc;

namespace Nitro.EventStore.Streams;

/// <summary>
/// The call on which appends go to the leader, one after another. It stands as long as it works: an append on it costs two messages, where
/// a call for each would cost headers and trailers besides.
/// </summary>
internal sealed class AppendCall(Transport transport, TimeSpan deadline) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private GrpcChannel? server;
    private GrpcCall<BatchAppendReq, BatchAppendResp>? call;

    /// <summary>Sends one append and waits for its answer.</summary>
    /// <exception cref="GrpcException">There is none: the outcome is not known, but where the status says that nothing was done.</exception>
    internal async Task<BatchAppendResp> AppendAsync(GrpcChannel leader, BatchAppendReq request, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (call is null || leader != server)
            {
                Dispose();
                (server, call) = (leader, leader.Start(Methods.BatchAppend, transport.Unlimited, CancellationToken.None));
            }

            return await AnsweredAsync(call, request, cancellationToken);
        }
        catch
        {
            Dispose(); // what it would still answer belongs to nobody
            call = null;
            throw;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => call?.Dispose();

    private async Task<BatchAppendResp> AnsweredAsync(
        GrpcCall<BatchAppendReq, BatchAppendResp> standing, BatchAppendReq request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            try
            {
                await standing.WriteAsync(request, limit.Token);
            }
            catch (GrpcException)
            {
                // The call has ended: reading tells how.
            }

            var id = EventId.Of(request.CorrelationId);
            while (await standing.ReadAsync(limit.Token) is { } answer)
            {
                if (EventId.Of(answer.CorrelationId) == id)
                {
                    return answer;
                }
            }

            throw new GrpcException(GrpcStatusCode.Unavailable, "The server ended the call.");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GrpcException(GrpcStatusCode.DeadlineExceeded, "The deadline has passed", inner: e);
        }
    }
}
