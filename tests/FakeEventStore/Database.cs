using System.Text;
using System.Text.Json;
using Google.Protobuf;

namespace Nitro.FakeEventStore;

/// <summary>
/// The streams of one server or cluster, in memory, by EventStoreDB's rules about expected revisions, repeats, deletion and truncation.
/// Any thread.
/// </summary>
internal sealed class Database(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, StoredStream> streams = new(StringComparer.Ordinal);
    private readonly List<StoredEvent> log = [];
    private ulong position;

    /// <summary>The time as the server has it (100 ns since 1970).</summary>
    internal long Now => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;

    /// <summary>Of all events.</summary>
    internal long Bytes
    {
        get
        {
            lock (gate)
            {
                return log.Sum(each => (long)each.Size);
            }
        }
    }

    /// <summary>Writes all or none.</summary>
    internal Verdict Append(string name, Expectation expected, IReadOnlyList<StoredEvent> proposed)
    {
        lock (gate)
        {
            streams.TryGetValue(name, out var stream);
            if (stream is { IsTombstoned: true })
            {
                return new Verdict(VerdictKind.Tombstoned, stream.Last, position);
            }

            var last = stream?.Last ?? -1;
            if (Repeated(stream, expected, proposed) is { } repeated)
            {
                return repeated;
            }

            if (!Fits(stream, expected))
            {
                return new Verdict(VerdictKind.WrongVersion, last, position);
            }

            if (stream is null)
            {
                streams[name] = stream = new StoredStream();
            }

            if (stream.IsDeleted)
            {
                stream.IsDeleted = false;
                stream.First = last + 1;
            }

            foreach (var each in proposed)
            {
                position += 128 + (ulong)each.Size;
                var stored = each with { Stream = name, Revision = stream.Last + 1, Created = Now, Position = position };
                stream.Events.Add(stored);
                log.Add(stored);
            }

            Heed(name, stream.Events.LastOrDefault());

            return new Verdict(VerdictKind.Written, stream.Last, position);
        }
    }

    /// <summary>Hides a stream, or ends it for ever.</summary>
    internal Verdict Delete(string name, Expectation expected, bool isForEver)
    {
        lock (gate)
        {
            if (!streams.TryGetValue(name, out var stream) || stream.IsTombstoned || !Fits(stream, expected))
            {
                return new Verdict(stream is { IsTombstoned: true } ? VerdictKind.Tombstoned : VerdictKind.WrongVersion, stream?.Last ?? -1, position);
            }

            stream.IsTombstoned = isForEver;
            if (!isForEver)
            {
                stream.IsDeleted = true;
                About(name, """{"$tb":9223372036854775807}""");
            }

            return new Verdict(VerdictKind.Written, stream.Last, ++position);
        }
    }

    /// <summary>Hides what stands before a revision, as <c>$tb</c> in a stream's metadata does.</summary>
    internal void Truncate(string name, long before)
    {
        lock (gate)
        {
            streams[name].First = before;
            About(name, $$"""{"$tb":{{before}}}""");
        }
    }

    /// <summary>Takes away the newest events, as a restored backup does.</summary>
    internal void Forget(string name, int count)
    {
        lock (gate)
        {
            var events = streams[name].Events;
            events.RemoveRange(events.Count - count, count);
        }
    }

    /// <summary>Puts other content in an event's place, under its id.</summary>
    internal void Alter(string name, long revision, Func<StoredEvent, StoredEvent> change)
    {
        lock (gate)
        {
            streams[name].Events[(int)revision] = change(streams[name].Events[(int)revision]);
        }
    }

    /// <summary>
    /// A stream's readable events from one revision on, forwards or backwards; null where there is no stream. <c>First</c>: the first
    /// readable revision, where that hides something; <c>Last</c>: the last.
    /// </summary>
    internal (List<StoredEvent> Events, long First, long Last, bool IsTombstoned)? Read(string name, long from, long count, bool isBackwards)
    {
        lock (gate)
        {
            if (!streams.TryGetValue(name, out var stream) || stream.IsDeleted)
            {
                return null;
            }

            return (Pick(stream, from, count, isBackwards), stream.First, stream.Last, stream.IsTombstoned);
        }
    }

    /// <summary>Events of all streams behind or before a position.</summary>
    internal List<StoredEvent> ReadAll(ulong from, long count, bool isBackwards)
    {
        lock (gate)
        {
            var found = isBackwards ? log.AsEnumerable().Reverse().Where(each => each.Position <= from) : log.Where(each => each.Position >= from);
            return [.. found.Take((int)Math.Min(count, int.MaxValue))];
        }
    }

    /// <summary>The names of all streams.</summary>
    internal List<string> Names()
    {
        lock (gate)
        {
            return [.. streams.Where(stream => !stream.Value.IsDeleted).Select(stream => stream.Key)];
        }
    }

    private static List<StoredEvent> Pick(StoredStream stream, long from, long count, bool isBackwards)
    {
        var (step, start) = isBackwards ? (-1, Math.Min(from, stream.Last)) : (1, Math.Max(from, stream.First));
        var picked = new List<StoredEvent>();
        for (var i = start; i >= stream.First && i <= stream.Last && picked.Count < count; i += step)
        {
            picked.Add(stream.Events[(int)i]);
        }

        return picked;
    }

    /// <summary>A write that stands in the stream already, id for id, succeeds again. Ids alone decide.</summary>
    private static Verdict? Repeated(StoredStream? stream, Expectation expected, IReadOnlyList<StoredEvent> proposed)
    {
        var start = expected == Expectation.Any || expected == Expectation.StreamExists
            ? stream?.Events.FindIndex(each => proposed.Count > 0 && each.Id == proposed[0].Id) ?? -1
            : (int)Math.Min(expected.Revision + 1, int.MaxValue);
        return stream is not null && start >= 0 && proposed.Count > 0 && start + proposed.Count <= stream.Events.Count
            && proposed.Select(each => each.Id).SequenceEqual(stream.Events.Skip(start).Take(proposed.Count).Select(each => each.Id))
            ? new Verdict(VerdictKind.Written, start + proposed.Count - 1, stream.Events[start + proposed.Count - 1].Position)
            : null;
    }

    private static bool Fits(StoredStream? stream, Expectation expected) =>
        expected == Expectation.Any
        || (expected == Expectation.StreamExists ? stream is { IsDeleted: false }
            : expected == Expectation.NoStream ? stream is null or { IsDeleted: true }
            : stream is not null && expected.Revision == stream.Last);

    /// <summary>What a stream's metadata say hides its beginning; the rest that they may say is not known here.</summary>
    private void Heed(string name, StoredEvent? newest)
    {
        if (name.StartsWith("$$", StringComparison.Ordinal) && newest is { Type: "$metadata" } stored && streams.TryGetValue(name[2..], out var about))
        {
            using var json = JsonDocument.Parse(stored.Data.Memory);
            about.First = json.RootElement.TryGetProperty("$tb", out var before) ? before.GetInt64() : 0;
        }
    }

    private void About(string name, string json)
    {
        var about = streams.TryGetValue("$$" + name, out var found) ? found : streams["$$" + name] = new StoredStream();
        about.Events.Add(new StoredEvent(
            Guid.NewGuid(), "$$" + name, about.Last + 1, "$metadata", true, ByteString.Empty, ByteString.CopyFrom(json, Encoding.UTF8), Now, ++position));
    }
}
