using System.IO.Compression;
using System.Text;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>A journal file gives back any bytes, and no damage to it goes unseen.</summary>
public sealed class JournalFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-file-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("file.jsonl")]
    [InlineData("file.jsonl.gz")]
    public async Task AnyBodyComesBackAsItWas(string name)
    {
        string[] bodies = ["", "{}", "{\"a\":1}", " {} ", "{\"a\":\n1}", "[]", "{\"a\":1}{}", "{\"digest\":\"0123456789abcdef\"}", "{\"ä\":\"€\\u0000\"}", "{a}", "{\"a\":1.0e5,\"a\":2}", "null"];
        JournalRecord[] records =
        [
            .. bodies.Select((body, i) => new JournalRecord(i + 7, i, "type \"quoted\" ä", i, Encoding.UTF8.GetBytes(body))),
            .. Samples.Make(300).Select((entry, i) => new JournalRecord(i + 7 + bodies.Length, entry.AtMicros, entry.Type, entry.Version, entry.Body)),
            new JournalRecord(307 + bodies.Length, long.MaxValue, "large", int.MaxValue, Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 300_000)}\"}}")),
        ];

        var file = await JournalFile.OpenAsync(Write(name, 7, records), default);

        Assert.Equal(new JournalFileHead("0xowner", 7, 9, 7 + records.Length), file.Head);
        LivedJournal.Same(records, await Samples.Collect(file.ReadAsync(0, default)));
        LivedJournal.Same(records[10..], await Samples.Collect(file.ReadAsync(17, default)));
        Assert.Equal(["{\"b\":[1,2]}"], (await file.NotesAsync(default)).Select(note => Encoding.UTF8.GetString(note.Content.Span)));
    }

    [Fact]
    public async Task AFlippedBitALostLineAndACutAreFoundWhereTheyAre()
    {
        JournalRecord[] records = [.. JournalRecords(40)];
        var whole = await File.ReadAllBytesAsync(Write("whole.jsonl", 0, records));
        var random = new Random(5);
        for (var i = 0; i < 400; i++)
        {
            var damaged = whole.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await IsFoundAsync(damaged, records);
        }

        foreach (var length in Enumerable.Range(0, 60).Select(_ => random.Next(whole.Length)).Append(whole.Length - 1).Append(0))
        {
            await IsFoundAsync(whole[..length], records);
        }

        var lines = Encoding.UTF8.GetString(whole).Split('\n');
        foreach (var line in Enumerable.Range(0, lines.Length - 1))
        {
            await IsFoundAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines.Where((_, i) => i != line))), records);
            await IsFoundAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines[..line].Append(lines[line]).Concat(lines[line..]))), records);
        }
    }

    [Fact]
    public async Task ACompressedFileThatIsCutOffOrChangedIsFound()
    {
        JournalRecord[] records = [.. JournalRecords(200)];
        var whole = await File.ReadAllBytesAsync(Write("whole.jsonl.gz", 0, records));
        var random = new Random(6);
        for (var i = 0; i < 60; i++)
        {
            await IsFoundAsync(whole[..random.Next(1, whole.Length - 8)], records, mayBeHarmless: true); // The last bytes hold checksums alone.
            var damaged = whole.ToArray();
            damaged[random.Next(20, damaged.Length - 8)] ^= (byte)(1 << random.Next(8));
            await IsFoundAsync(damaged, records, mayBeHarmless: true);
        }
    }

    [Fact]
    public async Task AnotherVersionAndAnotherFileAreRefused()
    {
        var path = Path.Combine(folder.FullName, "other.jsonl");
        await File.WriteAllTextAsync(path, "{\"journal\":2,\"digest\":\"" + Digest("{\"journal\":2") + "\"}\n");
        Assert.Contains("its format is 2, this program reads 1", (await Assert.ThrowsAsync<JournalException>(() => JournalFile.OpenAsync(path, default))).Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(path, new string('{', 3_000_000));
        Assert.Contains("no journal file", (await Assert.ThrowsAsync<JournalException>(() => JournalFile.OpenAsync(path, default))).Message, StringComparison.Ordinal);

        await using (var compressed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            await compressed.WriteAsync(new byte[3_000_000]);
        }

        Assert.Contains("no journal file", (await Assert.ThrowsAsync<JournalException>(() => JournalFile.OpenAsync(path, default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileIsNotThereBeforeItIsWhole()
    {
        var path = Path.Combine(folder.FullName, "late.jsonl");
        using (var writer = JournalFileWriter.Create(path, new JournalFileHead("0xowner", 0, 0, 2)))
        {
            writer.Add(JournalRecords(2).First());
            Assert.Throws<JournalException>(() => writer.Add(JournalRecords(1).First()));
            Assert.Throws<JournalException>(writer.Complete);
        }

        Assert.False(File.Exists(path));
        Write("late.jsonl", 0, [.. JournalRecords(2)]);
        Assert.Throws<JournalException>(() => JournalFileWriter.Create(path, new JournalFileHead("0xowner", 0, 0, 0)));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    private static IEnumerable<JournalRecord> JournalRecords(int count) =>
        Enumerable.Range(0, count).Select(i => new JournalRecord(i, i, "a", 1, Encoding.UTF8.GetBytes($"{{\"number\":{i}}}")));

    private static string Digest(string content) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([.. new byte[32], .. Encoding.UTF8.GetBytes(content)]).AsSpan(0, 8));

    private string Write(string name, long first, JournalRecord[] records)
    {
        var path = Path.Combine(folder.FullName, name);
        using var writer = JournalFileWriter.Create(path, new JournalFileHead("0xowner", first, 9, first + records.Length));
        writer.Add(new JournalNote("a", "{\"b\":[1,2]}"u8.ToArray()));
        foreach (var record in records)
        {
            writer.Add(record);
        }

        writer.Complete();
        return path;
    }

    /// <summary>Whatever is read before the damage is told is what was written.</summary>
    private async Task IsFoundAsync(byte[] damaged, JournalRecord[] records, bool mayBeHarmless = false)
    {
        var path = Path.Combine(folder.FullName, "damaged");
        await File.WriteAllBytesAsync(path, damaged);
        var seen = new List<JournalRecord>();
        try
        {
            var file = await JournalFile.OpenAsync(path, default);
            await foreach (var record in file.ReadAsync(0, default))
            {
                seen.Add(record);
            }
        }
        catch (JournalException e)
        {
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
            LivedJournal.Same(records[..seen.Count], seen);
            return;
        }

        Assert.True(mayBeHarmless, "the damage was not seen");
        LivedJournal.Same(records, seen);
    }
}
