using Google.Protobuf;
using Google.Protobuf.Collections;
using Nitro.EventStore.Protocol;
using Nitro.EventStore.Streams;
using Nitro.Grpc;

namespace Nitro.FakeEventStore;

/// <summary>Append, BatchAppend, Delete and Tombstone as EventStoreDB answers them.</summary>
internal sealed class AppendService(Lazy<FakeNode> late, Database database)
{
    private FakeNode Node => late.Value;

    internal void Bind(GrpcHandlers handlers) => handlers
        .ClientStreaming(Methods.Append, AppendAsync)
        .Duplex(Methods.BatchAppend, BatchAsync)
        .Unary(Methods.Delete, (request, call) => DeleteAsync(request, call, isForEver: false))
        .Unary(Methods.Tombstone, (request, call) => DeleteAsync(request, call, isForEver: true));

    private async Task<AppendResp> AppendAsync(IAsyncEnumerable<AppendReq> requests, GrpcServerCall call)
    {
        Node.Admit(call);
        string? stream = null;
        Expectation? expected = null;
        var events = new List<StoredEvent>();
        await foreach (var request in requests)
        {
            if (request.ContentCase == AppendReq.ContentOneofCase.Options)
            {
                (stream, expected) = (Named.Of(request.Options.StreamIdentifier), Expectation.Of(request.Options));
            }
            else
            {
                var message = request.ProposedMessage;
                events.Add(Proposed(message.Id, message.Metadata, message.CustomMetadata, message.Data));
            }
        }

        if (stream is null || expected is not { } expectation)
        {
            throw Errors.Invalid("An append names its stream and what it expects of it.");
        }

        var verdict = await WriteAsync(stream, expectation, events, call);
        return verdict.Kind switch
        {
            VerdictKind.Tombstoned => throw Errors.Deleted(stream),
            VerdictKind.WrongVersion => new AppendResp { WrongExpectedVersion = Wrong(expectation, verdict.Last) },
            _ => new AppendResp
            {
                Success = new AppendResp.Types.Success
                {
                    CurrentRevision = (ulong)verdict.Last,
                    Position = new AppendResp.Types.Position { CommitPosition = verdict.Position, PreparePosition = verdict.Position },
                },
            },
        };
    }

    private async Task BatchAsync(IAsyncEnumerable<BatchAppendReq> requests, GrpcResponses<BatchAppendResp> responses, GrpcServerCall call)
    {
        Node.Admit(call);
        var open = new Dictionary<Guid, (BatchAppendReq.Types.Options Options, List<StoredEvent> Events)>();
        await foreach (var request in requests)
        {
            var id = EventId.Of(request.CorrelationId);
            if (request.Options is { } options)
            {
                open[id] = (options, []);
            }

            var (given, events) = open[id];
            events.AddRange(request.ProposedMessages.Select(message => Proposed(message.Id, message.Metadata, message.CustomMetadata, message.Data)));
            if (request.IsFinal)
            {
                Node.Admit(call); // another server may lead by now: then the whole call ends
                open.Remove(id);
                var response = await DecideAsync(given, events, call);
                response.CorrelationId = request.CorrelationId;
                await responses.WriteAsync(response, call.CancellationToken);
            }
        }

        await Task.Delay(System.Threading.Timeout.Infinite, call.CancellationToken); // the real one does not end either
    }

    private async Task<BatchAppendResp> DecideAsync(BatchAppendReq.Types.Options options, List<StoredEvent> events, GrpcServerCall call)
    {
        var stream = Named.Of(options.StreamIdentifier);
        try
        {
            var expected = Expectation.Of(options) ?? throw Errors.Invalid("An append names what it expects of its stream.");
            var verdict = await WriteAsync(stream, expected, events, call);
            return verdict.Kind switch
            {
                VerdictKind.Tombstoned => throw Errors.Deleted(stream),
                VerdictKind.WrongVersion => new BatchAppendResp { Error = Errors.WrongVersionInBatch(expected, verdict.Last), StreamIdentifier = options.StreamIdentifier },
                _ => new BatchAppendResp
                {
                    StreamIdentifier = options.StreamIdentifier,
                    Success = new BatchAppendResp.Types.Success
                    {
                        CurrentRevision = (ulong)verdict.Last,
                        Position = new AllStreamPosition { CommitPosition = verdict.Position, PreparePosition = verdict.Position },
                    },
                },
            };
        }
        catch (GrpcException e)
        {
            return new BatchAppendResp { Error = Errors.InBatch(e, stream), StreamIdentifier = options.StreamIdentifier };
        }
    }

    private async Task<Verdict> WriteAsync(string stream, Expectation expected, List<StoredEvent> events, GrpcServerCall call)
    {
        if (events.Sum(each => each.Size) > Node.MaxAppendSize)
        {
            throw Errors.TooLarge(Node.MaxAppendSize);
        }

        if (events.Exists(each => each.Size > Node.MaxAppendEventSize))
        {
            throw Errors.EventTooLarge(Node.MaxAppendEventSize);
        }

        await Node.FaultAsync(FaultPoint.BeforeAppend, stream, call);
        if (Node.IsFull)
        {
            throw Errors.TimedOut(); // the writer is stuck, and so nothing is ever finished
        }

        var verdict = database.Append(stream, expected, events);
        await Node.FaultAsync(FaultPoint.AfterAppend, stream, call);
        return verdict;
    }

    private async Task<DeleteResp> DeleteAsync(DeleteReq request, GrpcServerCall call, bool isForEver)
    {
        Node.Admit(call);
        var stream = Named.Of(request.Options?.StreamIdentifier);
        var expected = Expectation.Of(request.Options!) ?? throw Errors.Invalid("A deletion names what it expects of its stream.");
        await Node.FaultAsync(FaultPoint.BeforeAppend, stream, call);
        var verdict = database.Delete(stream, expected, isForEver);
        return verdict.Kind switch
        {
            VerdictKind.Tombstoned => throw Errors.Deleted(stream),
            VerdictKind.WrongVersion => throw Errors.WrongVersion(stream, expected, verdict.Last),
            _ => new DeleteResp { Position = new DeleteResp.Types.Position { CommitPosition = verdict.Position, PreparePosition = verdict.Position } },
        };
    }

    private static StoredEvent Proposed(UUID id, MapField<string, string> metadata, ByteString custom, ByteString data)
    {
        if (!metadata.TryGetValue("type", out var type) || !metadata.TryGetValue("content-type", out var format))
        {
            throw Errors.MissingMetadata();
        }

        return EventId.Of(id) is var known && known != Guid.Empty && type.Length > 0
            ? new StoredEvent(known, "", 0, type, format == ProposedEvent.Json, custom, data, 0, 0)
            : throw Errors.Thrown();
    }

    private static AppendResp.Types.WrongExpectedVersion Wrong(Expectation expected, long actual)
    {
        var wrong = new AppendResp.Types.WrongExpectedVersion();
        if (actual < 0)
        {
            (wrong.NoStream2060, wrong.CurrentNoStream) = (new Empty(), new Empty());
        }
        else
        {
            (wrong.CurrentRevision2060, wrong.CurrentRevision) = ((ulong)actual, (ulong)actual);
        }

        switch (expected.Revision)
        {
            case -1: (wrong.ExpectedRevision2060, wrong.ExpectedNoStream) = (ulong.MaxValue, new Empty()); break;
            case -2: (wrong.Any2060, wrong.ExpectedAny) = (new Empty(), new Empty()); break;
            case -4: (wrong.StreamExists2060, wrong.ExpectedStreamExists) = (new Empty(), new Empty()); break;
            default: (wrong.ExpectedRevision2060, wrong.ExpectedRevision) = ((ulong)expected.Revision, (ulong)expected.Revision); break;
        }

        return wrong;
    }
}
