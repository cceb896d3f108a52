using Nitro.EventStore.Protocol;
using Nitro.EventStore.Streams;
using Nitro.Grpc;
using ReadOptions = Nitro.EventStore.Protocol.ReadReq.Types.Options;
using RecordedEvent = Nitro.EventStore.Protocol.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace Nitro.FakeEventStore;

/// <summary>Read as EventStoreDB answers it: a stream or all, both ways, by count. No subscriptions, no filters.</summary>
internal sealed class ReadService(Lazy<FakeNode> late, Database database)
{
    private FakeNode Node => late.Value;

    internal void Bind(GrpcHandlers handlers) => handlers.ServerStreaming(Methods.Read, ReadAsync);

    private async Task ReadAsync(ReadReq request, GrpcResponses<ReadResp> responses, GrpcServerCall call)
    {
        Node.Admit(call);
        var options = request.Options ?? throw Errors.Invalid("A read has options.");
        if (options.UuidOption is null || options.FilterOptionCase == ReadOptions.FilterOptionOneofCase.None)
        {
            throw Errors.Invalid("A read says how ids are written, and whether events are filtered.");
        }

        if (options.CountOptionCase != ReadOptions.CountOptionOneofCase.Count || options.FilterOptionCase == ReadOptions.FilterOptionOneofCase.Filter)
        {
            throw new GrpcException(GrpcStatusCode.Unimplemented, "This server knows neither subscriptions nor filters.");
        }

        if (options.Count == 0)
        {
            throw Errors.Thrown();
        }

        if (options.StreamOptionCase == ReadOptions.StreamOptionOneofCase.Stream)
        {
            await StreamAsync(options, responses, call);
        }
        else
        {
            await AllAsync(options, responses, call);
        }
    }

    private async Task StreamAsync(ReadOptions options, GrpcResponses<ReadResp> responses, GrpcServerCall call)
    {
        var stream = Named.Of(options.Stream.StreamIdentifier);
        var from = options.Stream.RevisionOptionCase switch
        {
            ReadOptions.Types.StreamOptions.RevisionOptionOneofCase.Revision => (long)Math.Min(options.Stream.Revision, long.MaxValue),
            ReadOptions.Types.StreamOptions.RevisionOptionOneofCase.Start => 0,
            _ => long.MaxValue,
        };
        await Node.FaultAsync(FaultPoint.BeforeRead, stream, call);
        if (database.Read(stream, from, (long)Math.Min(options.Count, long.MaxValue), IsBackwards(options)) is not { } found)
        {
            await responses.WriteAsync(new ReadResp { StreamNotFound = new ReadResp.Types.StreamNotFound { StreamIdentifier = options.Stream.StreamIdentifier } });
            return;
        }

        if (found.IsTombstoned)
        {
            throw Errors.Deleted(stream);
        }

        var saysEnds = options.ControlOption is { Compatibility: >= 1 };
        if (saysEnds && !IsBackwards(options) && from < found.First)
        {
            await responses.WriteAsync(new ReadResp { FirstStreamPosition = (ulong)found.First });
        }

        await SendAsync(found.Events, options, responses, call);
        if (saysEnds && (ulong)found.Events.Count < options.Count)
        {
            await responses.WriteAsync(new ReadResp { LastStreamPosition = (ulong)found.Last });
        }
    }

    private Task AllAsync(ReadOptions options, GrpcResponses<ReadResp> responses, GrpcServerCall call)
    {
        var from = options.All.AllOptionCase switch
        {
            ReadOptions.Types.AllOptions.AllOptionOneofCase.Position => options.All.Position.CommitPosition,
            ReadOptions.Types.AllOptions.AllOptionOneofCase.Start => 0UL,
            _ => ulong.MaxValue,
        };
        return SendAsync(database.ReadAll(from, (long)Math.Min(options.Count, long.MaxValue), IsBackwards(options)), options, responses, call);
    }

    private async Task SendAsync(List<StoredEvent> events, ReadOptions options, GrpcResponses<ReadResp> responses, GrpcServerCall call)
    {
        foreach (var (i, stored) in events.Index())
        {
            await responses.WriteAsync(Response(stored, options.UuidOption.Structured is not null));
            if (i == events.Count / 2)
            {
                await Node.FaultAsync(FaultPoint.WithinRead, stored.Stream, call);
            }
        }
    }

    private static bool IsBackwards(ReadOptions options) => options.ReadDirection == ReadOptions.Types.ReadDirection.Backwards;

    private static ReadResp Response(StoredEvent stored, bool isStructured) => new()
    {
        Event = new ReadResp.Types.ReadEvent
        {
            CommitPosition = stored.Position,
            Event = new RecordedEvent
            {
                Id = isStructured ? EventId.ToMessage(stored.Id) : new UUID { String = stored.Id.ToString() },
                StreamIdentifier = Named.Of(stored.Stream),
                StreamRevision = (ulong)stored.Revision,
                CommitPosition = stored.Position,
                PreparePosition = stored.Position,
                Metadata =
                {
                    ["type"] = stored.Type,
                    ["content-type"] = stored.IsJson ? ProposedEvent.Json : ProposedEvent.Binary,
                    ["created"] = $"{stored.Created}",
                },
                CustomMetadata = stored.Metadata,
                Data = stored.Data,
            },
        },
    };
}
