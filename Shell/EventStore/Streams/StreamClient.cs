using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Nitro.EventStore.Connection;
using Nitro.EventStore.Protocol;
using Nitro.Grpc;
using Nitro.Ports;
using Empty = Nitro.EventStore.Protocol.Empty;
using RecordedEvent = Nitro.EventStore.Protocol.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace Nitro.EventStore.Streams;

/// <summary>Reads and writes streams at the leader. Every call is made again until it is answered; see <see cref="ServerCalls"/>.</summary>
internal sealed class StreamClient(EventStoreSettings settings, Transport transport, ServerCalls calls) : IDisposable
{
    private const long PageEvents = 1_024;
    private const int PageBytes = 4 * 1024 * 1024;

    private readonly AppendCall appends = new(transport, settings.Deadline);

    /// <summary>
    /// Appends all or none behind the revision expected (-1: no stream). A repeat of what stands there already, id for id, is written.
    /// </summary>
    /// <exception cref="JournalException">The outcome is unknown, or the server will never take it.</exception>
    internal async Task<AppendReply> AppendAsync(string stream, long expected, IReadOnlyList<ProposedEvent> events, CancellationToken cancellationToken)
    {
        var options = new BatchAppendReq.Types.Options { StreamIdentifier = Identifier(stream), Deadline = Duration.FromTimeSpan(settings.Deadline) };
        if (expected < 0)
        {
            options.NoStream = new Google.Protobuf.WellKnownTypes.Empty();
        }
        else
        {
            options.StreamPosition = (ulong)expected;
        }

        var request = new BatchAppendReq { Options = options, IsFinal = true };
        request.ProposedMessages.Add(events.Select(proposed => proposed.ToMessage()));
        return await calls.CallAsync(
            $"appending to the stream {stream}", writes: true, channel => AppendAsync(channel, stream, request, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Events from a revision on, in order: at most <paramref name="count"/>, at least one unless there is none; empty also where the
    /// stream is not there.
    /// </summary>
    /// <exception cref="JournalException">The server cannot be read.</exception>
    internal Task<List<RecordedEvent>> ReadPageAsync(string stream, long from, long count, CancellationToken cancellationToken) => ReadAsync(
        stream, new ReadReq.Types.Options.Types.StreamOptions { Revision = (ulong)from }, (ulong)Math.Min(count, PageEvents), cancellationToken);

    /// <summary>The newest event; null where the stream is not there.</summary>
    /// <exception cref="JournalException">The server cannot be read.</exception>
    internal async Task<RecordedEvent?> LastAsync(string stream, CancellationToken cancellationToken)
    {
        var last = await ReadAsync(stream, new ReadReq.Types.Options.Types.StreamOptions { End = new Empty() }, 1, cancellationToken);
        return last.Count > 0 ? last[0] : null;
    }

    /// <summary>Hides a stream that is not needed any more. Its last revision must be the one given.</summary>
    /// <exception cref="JournalException">It was not done, or that is not known.</exception>
    internal Task DeleteAsync(string stream, long revision, CancellationToken cancellationToken)
    {
        var request = new DeleteReq
        {
            Options = new DeleteReq.Types.Options { StreamIdentifier = Identifier(stream), Revision = (ulong)revision },
        };
        return calls.CallAsync(
            $"deleting the stream {stream}",
            writes: true,
            channel => channel.UnaryAsync(Methods.Delete, request, transport.Within(settings.Deadline), cancellationToken),
            cancellationToken);
    }

    /// <summary>What the leader is, and which time it has (100 ns since 1970; null: it does not say).</summary>
    /// <exception cref="JournalException">It cannot be asked, or is no EventStoreDB.</exception>
    internal async Task<(string Version, long? Ticks)> GreetAsync(CancellationToken cancellationToken)
    {
        const string What = "opening the journal";
        var server = await calls.CallAsync(
            What,
            writes: false,
            channel => channel.UnaryAsync(Methods.SupportedMethods, new Empty(), transport.Within(settings.Deadline), cancellationToken),
            cancellationToken);
        var told = await calls.CallAsync(
            What,
            writes: false,
            channel => channel.UnaryAsync(Methods.Gossip, new Empty(), transport.Within(settings.GossipTimeout), cancellationToken),
            cancellationToken);
        var leader = told.Members.FirstOrDefault(member => member is { IsAlive: true, State: MemberInfo.Types.VNodeState.Leader });
        return (server.EventStoreServerVersion, leader?.TimeStamp);
    }

    /// <summary>Each attempt is a request of its own to the server; what it asks for is the same.</summary>
    private async Task<AppendReply> AppendAsync(GrpcChannel channel, string stream, BatchAppendReq request, CancellationToken cancellationToken)
    {
        request.CorrelationId = EventId.ToMessage(Guid.NewGuid());
        var answer = await appends.AppendAsync(channel, request, cancellationToken);
        return answer.ResultCase switch
        {
            BatchAppendResp.ResultOneofCase.Success => new AppendReply(true, (long)answer.Success.CurrentRevision),
            BatchAppendResp.ResultOneofCase.Error when BatchError.Conflict(answer.Error) is { } current => new AppendReply(false, current),
            BatchAppendResp.ResultOneofCase.Error => throw BatchError.ToException(answer.Error, stream),
            _ => throw new GrpcException(GrpcStatusCode.Internal, "The server answered with neither success nor error"),
        };
    }

    public void Dispose() => appends.Dispose();

    private static StreamIdentifier Identifier(string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    private Task<List<RecordedEvent>> ReadAsync(
        string stream, ReadReq.Types.Options.Types.StreamOptions place, ulong count, CancellationToken cancellationToken)
    {
        place.StreamIdentifier = Identifier(stream);
        var request = new ReadReq
        {
            Options = new ReadReq.Types.Options
            {
                Stream = place,
                ReadDirection = place.End is null ? ReadReq.Types.Options.Types.ReadDirection.Forwards : ReadReq.Types.Options.Types.ReadDirection.Backwards,
                Count = count,
                NoFilter = new Empty(),
                UuidOption = new ReadReq.Types.Options.Types.UUIDOption { Structured = new Empty() },
                ControlOption = new ReadReq.Types.Options.Types.ControlOption { Compatibility = 1 },
            },
        };
        return calls.CallAsync(
            $"reading the stream {stream}",
            writes: false,
            channel => PageAsync(channel, request, cancellationToken),
            cancellationToken);
    }

    private async Task<List<RecordedEvent>> PageAsync(GrpcChannel channel, ReadReq request, CancellationToken cancellationToken)
    {
        var page = new List<RecordedEvent>();
        var bytes = 0;
        await foreach (var response in channel.ServerStreamAsync(Methods.Read, request, transport.Within(settings.Deadline), cancellationToken))
        {
            if (response.Event?.Event is { } recorded)
            {
                page.Add(recorded);
                bytes += recorded.Data.Length + recorded.CustomMetadata.Length;
                if (bytes >= PageBytes)
                {
                    break; // the rest comes with the next page
                }
            }
        }

        return page;
    }
}
