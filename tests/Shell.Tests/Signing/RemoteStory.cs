using System.Numerics;
using System.Text.Json.Nodes;
using Nitro.JsonRpc;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;

namespace Nitro.Shell.Tests.Signing;

/// <summary>What stories of nodes without keys have in common.</summary>
internal static class RemoteStory
{
    public static readonly BigInteger Milli = BigInteger.Pow(10, 15);

    /// <summary>These tenants' keys are at their signers.</summary>
    public static void WithoutKeys(this World world, params string[] names)
    {
        foreach (var name in names)
        {
            world.Tenant(name).Remove("keys");
            world.Tenant(name)["signer"] = new JsonObject { ["remote"] = new JsonObject { ["listen"] = world.SocketOf(name) } };
        }
    }

    /// <summary>A node of alice and bob without keys, as a process, with a payment channel between them.</summary>
    public static async Task<string> StartWithChannelAsync(this World world)
    {
        world.WithoutKeys("alice", "bob");
        await world.StartProcessAsync();
        await world.AttachedAsync("alice", 1);
        await world.AttachedAsync("bob", 1);
        return await world.OpenChannelAsync();
    }

    /// <summary>A ledger between alice and bob, and a payment channel on it.</summary>
    public static async Task<string> OpenChannelAsync(this World world)
    {
        await world.OpenLedgerAsync("alice", "bob", 10 * Milli, 10 * Milli);
        return await world.OpenPaymentsAsync(["alice", "bob"], Milli);
    }

    public static string SignerFolder(this World world, string name) => Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, $"signer-{name}");

    public static string SocketOf(this World world, string name) => $"unix://{Path.Combine(world.DataDirectory, name, "signer.sock")}";

    /// <param name="world">Whose party it signs for.</param>
    /// <param name="name">The party.</param>
    /// <param name="environment">Of the process, besides.</param>
    /// <param name="node">Where it attaches; null: at the node itself.</param>
    /// <param name="more">Further arguments.</param>
    public static NodeProcess StartSigner(
        this World world, string name, IReadOnlyDictionary<string, string>? environment = null, string? node = null, params string[] more) => NodeProcess.Start(
        [
            "--node", node ?? world.SocketOf(name), "--data-directory", world.SignerFolder(name),
            "--channel-key-file", world[name].ChannelKeyFile, "--chain-key-file", world[name].ChainKeyFile, "--end-with-stdin", .. more,
        ],
        environment,
        "nitro-signer");

    /// <summary>A caller of a party's node that signs what it sends.</summary>
    public static RpcClient Signing(this World world, string name, Func<string, ReadOnlyMemory<byte>, CallSignature> sign) =>
        new(new Uri($"http://{world[name].Listen}/api/v1"), new RpcClientOptions { Sign = sign });

    /// <summary>Runs a program to its end, which must be a good one; what it said.</summary>
    public static async Task<string> SaidAsync(string program, params string[] arguments)
    {
        await using var process = NodeProcess.Start(arguments, program: program);
        return await process.EndAsync(CancellationToken.None) == 0
            ? process.Output.Trim()
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.Error}");
    }

    public static Task<int> PendingAsync(this World world, string name) => world.SignerAsync(name, "pending");

    public static Task AttachedAsync(this World world, string name, int count) =>
        Wait.UntilAsync(async () => await world.SignerAsync(name, "attached") == count, world.Token);

    private static async Task<int> SignerAsync(this World world, string name, string figure) =>
        (await world[name].CallAsync("get_node_statistics", null, null, world.Token)).GetProperty("signer").GetProperty(figure).GetInt32();
}
