using Nitro.EventStore.Connection;
using Nitro.EventStore.Records;
using Nitro.EventStore.Streams;
using Nitro.Ports;
using RecordedEvent = Nitro.EventStore.Protocol.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace Nitro.EventStore;

/// <summary>A tenant's stream, the connections to it, and what reads records out of it.</summary>
internal sealed class JournalStream : IDisposable
{
    private const string FillingType = "Filling";
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    private readonly Cluster cluster;

    private JournalStream(EventStoreJournalOptions options, string name, Transport transport, Cluster cluster)
    {
        this.cluster = cluster;
        (Options, Name) = (options, name);
        Client = new StreamClient(options.Settings, transport, new ServerCalls(options.Settings, cluster, options.RetryFor, options.Time, options.Complain));
        Parts = new Parts(Client);
        Decoder = new RecordDecoder(name, $"{options.Settings}");
        Reader = new RecordReader(Client, Parts, Decoder, name);
    }

    internal EventStoreJournalOptions Options { get; }

    /// <summary>The stream's.</summary>
    internal string Name { get; }

    internal StreamClient Client { get; }

    internal Parts Parts { get; }

    internal RecordDecoder Decoder { get; }

    internal RecordReader Reader { get; }

    /// <summary>Finds the leader, which must be what it should, and changes nothing.</summary>
    /// <exception cref="JournalException">Permanent: no server answers, it cannot be trusted or does not trust.</exception>
    internal static async Task<JournalStream> OpenAsync(EventStoreJournalOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (settings, name) = (options.Settings, StreamNames.Journal(options.Owner));
        if (settings.Preference != NodePreference.Leader)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"A journal needs the leader of {settings}, since it must read what it wrote: leave nodePreference out of the connection string.");
        }

        var transport = new Transport(settings);
        var cluster = new Cluster(settings, transport, options.Time);
        var opened = new JournalStream(options, name, transport, cluster);
        try
        {
            await opened.GreetAsync(cancellationToken);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The newest event and what it says; null where the stream has none.</summary>
    /// <exception cref="JournalException">It is no record of this journal's.</exception>
    internal async Task<(RecordedEvent Stored, JournalRecord Record, EventMetadata Metadata)?> LastAsync(CancellationToken cancellationToken)
    {
        if (await Client.LastAsync(Name, cancellationToken) is not { } last)
        {
            return null;
        }

        var (record, metadata) = Decoder.Decode(last, (long)last.StreamRevision);
        return metadata.Epoch >= 0 && metadata.Epoch <= record.Position
            ? (last, record, metadata)
            : throw Decoder.Damaged(record.Position, $"it says that its epoch begins at {metadata.Epoch}");
    }

    /// <summary>The first revision that can be read; 0 where there is none.</summary>
    internal async Task<long> FirstAsync(CancellationToken cancellationToken) =>
        await Client.ReadPageAsync(Name, 0, 1, cancellationToken) is [var first, ..] ? (long)first.StreamRevision : 0;

    /// <summary>A copy that is not whole yet is nobody's journal.</summary>
    /// <exception cref="JournalException">It is being filled, or that broke off.</exception>
    internal async Task RequireWholeAsync(CancellationToken cancellationToken)
    {
        if (await Client.LastAsync(StreamNames.Filling(Options.Owner), cancellationToken) is { } mark)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The stream {Name} at {Options.Settings} is being filled with a copy, or that broke off ({RecordDecoder.Created(mark)} begun): it is no journal yet. "
                + "Give the same command once more ('./nitro restore', './nitro journal migrate' or 'import'); it goes on where it was.");
        }
    }

    /// <summary>From here to <see cref="EndFillingAsync"/> nobody takes the stream for a journal.</summary>
    /// <exception cref="JournalException">There is a journal already.</exception>
    internal async Task BeginFillingAsync(CancellationToken cancellationToken)
    {
        var mark = StreamNames.Filling(Options.Owner);
        if (await Client.LastAsync(mark, cancellationToken) is not null)
        {
            return; // An earlier attempt's, which goes on.
        }

        if (await Client.LastAsync(Name, cancellationToken) is { } last)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"The stream {Name} at {Options.Settings} is there already, up to record {last.StreamRevision}. Name a store that is not there yet.");
        }

        var metadata = new EventMetadata { Version = 1, Writer = Name }.ToJson();
        var proposed = new ProposedEvent(Guid.NewGuid(), FillingType, false, metadata, ReadOnlyMemory<byte>.Empty);
        await Client.AppendAsync(mark, -1, [proposed], cancellationToken);
    }

    /// <summary>All is there: it is a journal.</summary>
    /// <exception cref="JournalException">That was not done, or is not known; doing it again does it.</exception>
    internal async Task EndFillingAsync(CancellationToken cancellationToken)
    {
        var mark = StreamNames.Filling(Options.Owner);
        if (await Client.LastAsync(mark, cancellationToken) is { } last)
        {
            await Client.DeleteAsync(mark, (long)last.StreamRevision, cancellationToken);
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        cluster.Dispose();
    }

    /// <summary>Nothing here goes by the server's clock, but deadlines on the chain go by this node's.</summary>
    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        var (version, ticks) = await Client.GreetAsync(cancellationToken);
        if (ticks is not { } told)
        {
            return;
        }

        var here = Options.Time.GetUtcNow();
        var off = here - DateTimeOffset.UnixEpoch.AddTicks(told);
        if (off.Duration() > ClockTolerance)
        {
            Options.Complain(
                $"The clock of this machine ({here:yyyy-MM-dd HH:mm:ss} UTC) is {off.Duration().TotalMinutes:0} minutes {(off > TimeSpan.Zero ? "ahead of" : "behind")} "
                + $"that of {Options.Settings} (EventStoreDB {version}): set both by a time server, since a node's deadlines go by its clock.");
        }
    }
}
