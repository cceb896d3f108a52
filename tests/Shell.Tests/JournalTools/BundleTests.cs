using System.IO.Compression;
using System.Text;
using Nitro.Cli.Journal;
using Nitro.Journal;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>A support bundle shows what the node saw, the same on any machine, and nothing that is secret.</summary>
public sealed class BundleTests(LivedJournal lived) : IClassFixture<LivedJournal>
{
    private static readonly string[] Secrets =
    [
        "operator-of-the-endpoint", "passphrase-of-the-endpoint", "path-of-the-endpoint", "query-of-the-endpoint", "bearer-of-the-endpoint",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl", "passphrase-of-the-keys", "esdb-password",
    ];

    [Fact]
    public async Task ItHoldsTheEpochInForceAndIsReadLikeAJournal()
    {
        var (bundle, all) = (lived.New("bundle.jsonl.gz"), lived.New("all.jsonl"));
        await Tool.DoneAsync("bundle", bundle, "-j", lived.Store);
        await Tool.DoneAsync("bundle", all, "--all", "-j", lived.Store);

        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", bundle), StringComparison.Ordinal);
        Assert.Equal(await Tool.DoneAsync("at", "--json", "-j", lived.Store), await Tool.DoneAsync("at", "--json", "-j", bundle));
        Assert.Equal(await Tool.DoneAsync("verify", "-j", lived.Store), await Tool.DoneAsync("verify", "-j", all));
        Assert.Equal(await Tool.DoneAsync("why", lived.Channel, "-j", lived.Store), await Tool.DoneAsync("why", lived.Channel, "-j", all));
        Assert.Contains("restated:", await Tool.DoneAsync("why", lived.Channel, "-j", bundle), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItReplaysBitForBit()
    {
        var bundle = lived.New("bundle.jsonl");
        await Tool.DoneAsync("bundle", bundle, "--all", "-j", lived.Store);

        var file = await JournalFile.OpenAsync(bundle, default);
        var records = await Journal.Samples.Collect(file.ReadAsync(0, default));

        LivedJournal.Same(lived.Records, records);
        var state = (await file.NotesAsync(default)).Single(note => note.Name == Verification.StateNote);
        Assert.Contains(Encoding.UTF8.GetString(state.Content.Span).Trim('"'), await Tool.DoneAsync("at", "-j", lived.Store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABundleOfAnotherStateThanItsRecordsGiveIsFound()
    {
        var forged = lived.New("forged.jsonl");
        using (var writer = JournalFileWriter.Create(forged, new JournalFileHead(lived.Owner, 0, lived.EpochStart, lived.Records.Count)))
        {
            writer.Add(new JournalNote(Verification.StateNote, Encoding.UTF8.GetBytes($"\"{new string('0', 64)}\"")));
            foreach (var record in lived.Records)
            {
                writer.Add(record);
            }

            writer.Complete();
        }

        Assert.Contains("made from a state that is another", await Tool.RefusedAsync("verify", "-j", forged), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItHoldsNoKeyPassphraseTokenOrPassword()
    {
        var folder = Path.GetDirectoryName(lived.New("x"))!;
        var tenant = Directory.CreateDirectory(Path.Combine(folder, "data", "default"));
        File.Copy(lived.Store, Path.Combine(tenant.FullName, "journal.db"));
        var key = Path.Combine(folder, "channel.key");
        await File.WriteAllTextAsync(key, Convert.ToHexStringLower(TestKeys.Key(1)));
        var config = Path.Combine(folder, "nitro.json");
        await File.WriteAllTextAsync(config, Config(folder));
        var log = Path.Combine(folder, "nitro.log");
        await File.WriteAllLinesAsync(log, Log());
        var bundle = Path.Combine(folder, "bundle.jsonl.gz");

        await Tool.DoneAsync("bundle", bundle, "--config", config, "--log", log);

        await using var opened = new GZipStream(File.OpenRead(bundle), CompressionMode.Decompress);
        using var content = new MemoryStream();
        await opened.CopyToAsync(content);
        var text = Encoding.UTF8.GetString(content.ToArray());
        Assert.False(SecretForms.OfKeyFile("channel key", key).WithText().AreIn(content.ToArray()));
        Assert.All(Secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        Assert.Contains("virtualPaymentApp", text, StringComparison.Ordinal);
        Assert.Contains("endpoint.example", text, StringComparison.Ordinal);
        Assert.Contains("Epoch 1 opened at position 418", text, StringComparison.Ordinal);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", bundle), StringComparison.Ordinal);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "--config", config), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Log() =>
    [
        "info: Epoch 1 opened at position 418: 30 records",
        "warn: https://operator-of-the-endpoint:passphrase-of-the-endpoint@endpoint.example:8545/v3/path-of-the-endpoint?apikey=query-of-the-endpoint does not answer",
        "warn: wss://endpoint.example/path-of-the-endpoint closed",
        "dbug: Authorization: Bearer bearer-of-the-endpoint",
        $"dbug: token {Secrets[5]} taken",
        "dbug: passphrase: correct passphrase-of-the-keys",
        "dbug: {\"authToken\": \"bearer-of-the-endpoint\", \"password\":\"esdb-password\"}",
        "dbug: Authorization: Basic bearer-of-the-endpoint",
        "fail: esdb://admin:odd/@esdb-password@endpoint.example:2113?tls=false refused",
    ];

    private static string Config(string folder) =>
        $$"""
        {
          "chain": { "url": "https://operator-of-the-endpoint:passphrase-of-the-endpoint@endpoint.example/v3/path-of-the-endpoint?apikey=query-of-the-endpoint", "authToken": "bearer-of-the-endpoint" },
          "contracts": { "adjudicator": "0x00000000000000000000000000000000000000c3", "consensusApp": "0x00000000000000000000000000000000000000c1", "virtualPaymentApp": "0x00000000000000000000000000000000000000c2" },
          "dataDirectory": "{{folder}}/data",
          "keys": { "channelKeyFile": "{{folder}}/channel.key" },
          "rpc": { "listen": "" }
        }
        """;
}
