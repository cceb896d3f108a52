using System.Text;
using Google.Protobuf;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>What the metadata of a journal's stream say decides what the server keeps of it.</summary>
public sealed class StreamMetadataTests
{
    [Theory]
    [InlineData("""{"$maxCount":1000}""", "$maxCount 1000")]
    [InlineData("""{"$maxAge":86400,"$acl":{"$r":"ops"}}""", "$maxAge 86400")]
    public async Task A_stream_that_the_server_would_shorten_is_refused_before_it_does(string about, string told)
    {
        await using var journals = await Journals.StartAsync();
        await using (var journal = await journals.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(2), 2);
        }

        Say(journals, about);
        await journals.RefusedAsync(told, "nothing was written");

        Say(journals, """{"$maxCount":null,"$acl":{"$r":"ops"}}""");
        await using var again = await journals.OpenAsync();
        await Samples.Appended(again, 2, Samples.Make(1), 3);
    }

    [Fact]
    public async Task A_stream_whose_beginning_was_truncated_is_readable_from_its_epoch_if_that_is_there()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(5), 5);
        await journal.OpenEpochAsync(5, Samples.Make(3), default);
        journals.Cluster.Database.Truncate(Journals.Stream, 5);
        await using (var reopened = await journals.OpenAsync())
        {
            Assert.Equal((5, 8), (reopened.EpochStart, reopened.Next));
            Assert.Equal(3, (await Samples.Read(reopened, 5)).Count);
            var gap = await Assert.ThrowsAsync<JournalException>(() => Samples.Read(reopened));
            Assert.Contains("Record 0", gap.Message, StringComparison.Ordinal);
        }

        journals.Cluster.Database.Truncate(Journals.Stream, 8);
        await journals.RefusedAsync("deleted or truncated");
    }

    [Fact]
    public async Task A_stream_that_was_deleted_is_not_begun_anew()
    {
        await using var journals = await Journals.StartAsync();
        await using (var journal = await journals.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(2), 2);
            journals.Cluster.Database.Delete(Journals.Stream, new Expectation(1), isForEver: false);
            await journals.RefusedAsync("deleted or truncated");
            journals.Cluster.Database.Append(Journals.Stream, Expectation.Any, journals.Cluster.Database.Read("$$" + Journals.Stream, 0, 1, false)!.Value.Events);
            journals.Cluster.Database.Delete(Journals.Stream, Expectation.Any, isForEver: true);
            Assert.Contains("deleted for ever", (await TroubleTests.FailsAsync(journal, 2, Samples.Make(1))).Message, StringComparison.Ordinal);
        }

        await journals.RefusedAsync("deleted for ever");
    }

    private static void Say(Journals journals, string json) => journals.Cluster.Database.Append(
        "$$" + Journals.Stream,
        Expectation.Any,
        [new StoredEvent(Guid.NewGuid(), string.Empty, 0, "$metadata", true, ByteString.Empty, ByteString.CopyFrom(json, Encoding.UTF8), 0, 0)]);
}
