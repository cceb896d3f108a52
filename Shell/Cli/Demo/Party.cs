using System.Security.Cryptography;
using System.Text.Json;
using Nitro.Ethereum;
using Nitro.JsonRpc;
using Nitro.Libp2p.Identity;
using Nitro.Secp256k1;

namespace Nitro.Cli.Demo;

/// <summary>One of the three: two fresh keys, an endpoint, and the client that drives it.</summary>
internal sealed class Party : IDisposable
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);
    private readonly RpcClient _client;

    private Party(string name, int port, string keyFolder)
    {
        Name = name;
        Listen = $"127.0.0.1:{port}";
        ChannelKeyFile = Path.Combine(keyFolder, $"{name}.channel.key");
        ChainKeyFile = Path.Combine(keyFolder, $"{name}.chain.key");
        (Address, PeerId) = WriteKey(ChannelKeyFile);
        (ChainAccount, _) = WriteKey(ChainKeyFile);
        _client = new RpcClient(new Uri($"http://{Listen}/api/v1"), new RpcClientOptions { Timeout = AnswerTime, ClientId = "nitro-demo" });
    }

    /// <summary>Alice, Irene or Bob, in lower case: the tenant's name.</summary>
    public string Name { get; }

    /// <summary>host:port of the endpoint.</summary>
    public string Listen { get; }

    /// <summary>The key that signs states and vouchers.</summary>
    public string ChannelKeyFile { get; }

    /// <summary>The key that signs transactions.</summary>
    public string ChainKeyFile { get; }

    /// <summary>Name in channels, 20 bytes; where ledgers pay out. It never sends a transaction, so it never pays gas.</summary>
    public ReadOnlyMemory<byte> Address { get; }

    /// <summary>The account on chain that makes the deposits and pays the gas, 20 bytes.</summary>
    public ReadOnlyMemory<byte> ChainAccount { get; }

    /// <summary>Its name on the network, which follows from the channel key too.</summary>
    public string PeerId { get; }

    /// <summary><see cref="Address"/> as text.</summary>
    public string AddressText => Hex.Bytes(Address.Span);

    /// <summary>A party with new keys in files that only their owner can read.</summary>
    public static Party Create(string name, int port, string keyFolder) => new(name, port, keyFolder);

    /// <summary>Calls a method; the result's JSON.</summary>
    /// <exception cref="RpcError">The node refused.</exception>
    /// <exception cref="RpcUnreachable">No answer came.</exception>
    public async Task<JsonElement> CallAsync(string method, Action<Utf8JsonWriter>? write, string? requestId, CancellationToken cancellationToken)
    {
        var result = await _client.CallAsync(method, Rpc.Payload.Of(json => write?.Invoke(json)), requestId, cancellationToken);
        return JsonSerializer.Deserialize<JsonElement>(result.Span);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static (byte[] Address, string PeerId) WriteKey(string path)
    {
        var address = new byte[20];
        byte[] key;
        do
        {
            key = RandomNumberGenerator.GetBytes(32);
        }
        while (!Curve.Default.TryGetAddress(key, address));

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.WriteLine(Hex.Bytes(key));
        return (address, Libp2p.Identity.PeerId.Of(new Secp256k1Identity(key).PublicKey).ToString());
    }
}
