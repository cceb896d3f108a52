using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nitro.Ethereum;
using Nitro.Host;
using Nitro.Host.Options;
using Nitro.Shell.Tests.Ethereum;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A node within another application. What stands between the two markers is the snippet of docs/embedding.md.</summary>
public sealed class EmbeddingTests(Lab lab) : IClassFixture<Lab>
{
    private const string Begin = "// <embedding>";
    private const string End = "// </embedding>";

    [Fact]
    public async Task ANodeRunsWithinAnApplication()
    {
        var folder = Directory.CreateTempSubdirectory("nitro-e2e-embedded-");
        try
        {
            var contracts = lab.Contracts;
            var address = await EmbedAsync(
                folder.FullName,
                lab.WsUrl.ToString(),
                Hex.Bytes(contracts.NitroAdjudicator.Address.Span),
                Hex.Bytes(contracts.ConsensusApp.Address.Span),
                Hex.Bytes(contracts.VirtualPaymentApp.Address.Span));

            Assert.Matches("^\"0x[0-9a-fA-F]{40}\"$", address);
            Assert.True(File.Exists(Path.Combine(folder.FullName, "default", "journal.db")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task TheDocumentShowsThisCode()
    {
        var root = Path.GetFullPath(Path.Combine(Repository.DevnetFolder, "..", ".."));
        var source = Between(await File.ReadAllTextAsync(Path.Combine(root, "tests", "Shell.Tests", "EndToEnd", "EmbeddingTests.cs")), Begin + "\n", "        " + End);
        var document = Between(await File.ReadAllTextAsync(Path.Combine(root, "docs", "embedding.md")), "<!-- embedding -->\n```csharp\n", "```");

        Assert.Equal(string.Join('\n', source.Split('\n').Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line)), document);
    }

    private static async Task<string> EmbedAsync(string folder, string chainUrl, string adjudicator, string consensusApp, string virtualPaymentApp)
    {
        // <embedding>
        var builder = new HostApplicationBuilder();
        builder.Logging.AddNitroLog(new LogSettings { Level = "warn" });
        builder.Services.AddNitroNode(node =>
        {
            node.DataDirectory = folder;
            node.Chain.Url = chainUrl;
            node.Contracts.Adjudicator = adjudicator;
            node.Contracts.ConsensusApp = consensusApp;
            node.Contracts.VirtualPaymentApp = virtualPaymentApp;
            node.Policy.LargestAmount = new() { ["*"] = "1000000000000000000" };
            node.Rpc.Listen = "";
            node.Network.Listen = [];
        });
        using var application = builder.Build();
        await application.StartAsync();

        // Every method of the API, without HTTP: name, payload as JSON, request id; the answer is JSON or a problem.
        var port = application.Services.GetRequiredService<NodeService>().Tenants[0].Port;
        var answer = await port.CallAsync("get_address", "{}"u8.ToArray(), null, CancellationToken.None);
        var address = JsonSerializer.Deserialize<JsonElement>(answer.Result.Span);
        await application.StopAsync();
        // </embedding>
        return address.GetRawText();
    }

    private static string Between(string text, string begin, string end)
    {
        var from = text.LastIndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Assert.True(from >= begin.Length, $"{begin} is not there");
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
