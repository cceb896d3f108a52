using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identity;
using Xunit;

namespace Nitro.Libp2p.Tests.Js;

/// <summary>A js-libp2p node in a process of its own that does what a test tells it.</summary>
internal sealed class JsPeer : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationToken _limit;
    private readonly Process _process;

    private JsPeer(Process process, CancellationToken limit)
    {
        _process = process;
        _limit = limit;
    }

    public PeerId Peer { get; private set; } = null!;

    public Multiaddr Address { get; private set; } = null!;

    public static async Task<JsPeer> StartAsync(CancellationToken limit, bool dht = false, string? key = null)
    {
        var devnet = Path.Combine(Repository.Root, "tests", "devnet");
        Assert.True(Directory.Exists(Path.Combine(devnet, "node_modules", "libp2p")), $"libp2p is absent: run 'npm ci' in {devnet}");
        var setup = new JsonObject { ["dht"] = dht, ["key"] = key };
        var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(devnet, "libp2p-peer.mjs"), setup.ToJsonString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var peer = new JsPeer(process, limit);
        var where = await peer.AskAsync("where");
        peer.Peer = PeerId.Parse(where.GetProperty("peer").GetString()!);
        peer.Address = Multiaddr.Parse(where.GetProperty("addresses")[0].GetString()!);
        return peer;
    }

    /// <summary>One command and its answer. Fails as the command does.</summary>
    public async Task<JsonElement> AskAsync(string op, params (string Name, JsonNode Value)[] arguments)
    {
        var command = new JsonObject { ["op"] = op };
        foreach (var (name, value) in arguments)
        {
            command[name] = value;
        }

        await _turn.WaitAsync(_limit);
        try
        {
            await _process.StandardInput.WriteLineAsync(command.ToJsonString().AsMemory(), _limit);
            await _process.StandardInput.FlushAsync(_limit);
            var line = await _process.StandardOutput.ReadLineAsync(_limit);
            using var answer = JsonDocument.Parse(line ?? """{"error":"the js peer has ended"}""");
            Assert.True(answer.RootElement.TryGetProperty("ok", out var found), $"{op}: {line}");
            return found.Clone();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _turn.Dispose();
    }
}
