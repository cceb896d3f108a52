using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Secp256k1;
using Nitro.Shell.Tests.Host;
using Nitro.Signer;

namespace Nitro.Shell.Tests.Signing.Hostile;

/// <summary>
/// A signer under the policy of a paying agent (5 a day to each payee, 60 at most into one channel), attached to a hostile node; and what both
/// have been through in good order: a ledger, and in it a payment channel on which 3 were paid.
/// </summary>
internal sealed class HostileWorld : IAsyncDisposable
{
    public const string Coin = "0x0000000000000000000000000000000000000000";
    public const string Adjudicator = "0x00000000000000000000000000000000000000a1";
    public const string LedgerApp = "0x00000000000000000000000000000000000000a2";
    public const string PaymentApp = "0x00000000000000000000000000000000000000a3";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-hostile-");
    private readonly CancellationTokenSource _stop = new();
    private readonly ECDsa _device = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private SignerService _signer = null!;
    private Task _running = Task.CompletedTask;

    public HostileNode Node { get; private set; } = null!;

    /// <summary>The peer's key: the attacker has it too.</summary>
    public static byte[] PeerKey { get; } = TestKeys.Key(31);

    public static string Peer { get; } = TestKeys.AddressOf(PeerKey);

    public string Me => _signer.ChannelAddress;

    public ScriptedChannel Ledger { get; private set; } = null!;

    public ScriptedChannel Payments { get; private set; } = null!;

    /// <summary>The outcome's line that the guarantee of the payment channel makes.</summary>
    public string Guarantee => Ledger.Guarantee(Payments.Id, 20);

    /// <summary>Starts the signer: one that has been through the good days, or a new one, maybe with the keys of another.</summary>
    public static async Task<HostileWorld> StartAsync(bool isUsed = true, HostileWorld? keysOf = null)
    {
        var world = new HostileWorld();
        world.Node = await HostileNode.StartAsync(world._folder.FullName);
        var policy = Path.Combine(world._folder.FullName, "policy.json");
        await File.WriteAllTextAsync(policy, world.Policy());
        var options = new SignerOptions
        {
            Nodes = [$"unix://{Path.Combine(world._folder.FullName, "hostile.sock")}"],
            DataDirectory = world._folder.FullName,
            PolicyFile = policy,
            ChannelKeyFile = Path.Combine(world._folder.FullName, "channel.key"),
            ChainKeyFile = Path.Combine(world._folder.FullName, "chain.key"),
        };
        foreach (var key in keysOf is null ? [] : new[] { "channel.key", "chain.key" })
        {
            File.Copy(Path.Combine(keysOf!._folder.FullName, key), Path.Combine(world._folder.FullName, key));
        }

        world._signer = await SignerService.OpenAsync(options, NullLoggerFactory.Instance, default, false, CancellationToken.None);
        world._running = world._signer.RunAsync(world._stop.Token);
        world.Ledger = world.NewChannel(LedgerApp, 1, 50, 50);
        world.Payments = world.NewChannel(PaymentApp, 2, 20, 0);
        await world.Node.AttachedAsync(1);
        if (isUsed)
        {
            await world.LiveAsync();
        }

        return world;
    }

    /// <summary>A channel between the signer and its peer.</summary>
    public ScriptedChannel NewChannel(string app, int nonce, int first, int last) => new(app, nonce, (Me, Peer), (first, last));

    /// <summary>Asks, with evidence before; what became of what was wanted: a tag, with a question mark where it may be asked again, or "signed".</summary>
    public async Task<string> AskAsync(params IEnumerable<byte[]> items)
    {
        var results = await Node.AskAsync(items);
        var last = results[^1];
        return (last.Signature.Length, last.Refused.Length) switch
        {
            (65, 0) when results.SkipLast(1).All(result => result.Signature.IsEmpty) => "signed",
            (0, > 0) => last.Temporary ? last.Refused + "?" : last.Refused,
            _ => $"{last.Signature.Length} bytes and '{last.Refused}'",
        };
    }

    /// <summary>What the contracts are, and where.</summary>
    public static byte[] Contracts(int chainId = 1337) => Text(
        $$"""{"kind":"contracts",{{ContractFields(chainId)}}}""");

    /// <summary>A transaction of the chain account.</summary>
    public static byte[] Transaction(int nonce, string to, int value, byte[] data, int chainId = 1337) => Text(string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"kind":"transaction","chainId":{{chainId}},"nonce":{{nonce}},"maxPriorityFeePerGas":1,"maxFeePerGas":5,"gasLimit":90000,
         "to":"{{to}}","value":{{value}},"data":"{{Convert.ToBase64String(data)}}"}
        """));

    /// <summary>A deposit of the native coin.</summary>
    public static byte[] Deposit(int nonce, ScriptedChannel channel, int value, string to = Adjudicator, int chainId = 1337) =>
        Transaction(nonce, to, value, [.. Hash("deposit(address,bytes32,uint256,uint256)"u8)[..4], .. Word(0), .. Word(channel.Id), .. Word(0), .. Word(value)], chainId);

    /// <summary>The owner's device lets so much leave a channel.</summary>
    public byte[] Approval(int nonce, string channel, int amount, int? shown = null)
    {
        var (issued, expires) = (DateTimeOffset.UtcNow.ToUnixTimeSeconds(), DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds());
        byte[] message =
        [
            .. Hash("nitro-approval-v1"u8), .. Word(Me), .. Word(nonce), .. Word(issued), .. Word(1), .. Word(channel), .. Word(0), .. Word(amount), .. Word(expires),
        ];
        var attestation = _device.SignData(message, HashAlgorithmName.SHA256);
        return Text(string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"kind":"approval","grant":"spend","channel":"{{channel}}","asset":"{{Coin}}","amount":{{shown ?? amount}},"expires":{{expires}},
             "nonce":"0x{{Convert.ToHexStringLower(Word(nonce))}}","issuedAt":{{issued}},
             "key":"{{Convert.ToBase64String(Device)}}","attestation":"{{Convert.ToBase64String(attestation)}}"}
            """));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _signer.DisposeAsync();
        await Node.DisposeAsync();
        _device.Dispose();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private static byte[] Text(string json) => Encoding.UTF8.GetBytes(json);

    private static string ContractFields(int chainId) => string.Create(
        CultureInfo.InvariantCulture,
        $"\"chainId\":{chainId},\"adjudicator\":\"{Adjudicator}\",\"consensusApp\":\"{LedgerApp}\",\"virtualPaymentApp\":\"{PaymentApp}\"");

    private static byte[] Hash(ReadOnlySpan<byte> text)
    {
        var hash = new byte[32];
        Keccak256.Hash(text, hash);
        return hash;
    }

    private static byte[] Word(long value)
    {
        var word = new byte[32];
        BinaryPrimitives.WriteInt64BigEndian(word.AsSpan(24), value);
        return word;
    }

    private static byte[] Word(string hex) => Convert.FromHexString(hex[2..].PadLeft(64, '0'));

    private byte[] Device
    {
        get
        {
            var point = _device.ExportParameters(includePrivateParameters: false).Q;
            return [4, .. point.X!, .. point.Y!];
        }
    }

    private string Policy()
    {
        var device = Convert.ToHexStringLower(Device);
        return $$"""
            {"preset":"paying-agent","asset":"{{Coin}}","perDay":"5","inAll":"8","deposit":"60","confirmations":3,
             "approvers":["{{device}}"],"contracts":{ {{ContractFields(1337)}} } }
            """;
    }

    private async Task LiveAsync()
    {
        byte[][][] requests =
        [
            [Contracts(), Ledger.Opening, Ledger.State(0)],
            [Ledger.Signed(PeerKey, 0), Deposit(0, Ledger, 50)],
            [Ledger.Held(100), Ledger.State(1)],
            [Ledger.Signed(PeerKey, 1), Payments.Opening, Payments.State(0)],
            [Payments.Signed(PeerKey, 0), Ledger.Add(2, Payments.Id, 20, 20)],
            [Ledger.Signed(PeerKey, 2, (30, 50), more: Guarantee), Payments.State(1)],
            [Payments.Signed(PeerKey, 1), Payments.Voucher(3)],
        ];
        foreach (var request in requests)
        {
            var answer = await AskAsync(request);
            if (answer != "signed")
            {
                throw new InvalidOperationException($"An honest request was answered {answer}: {Encoding.UTF8.GetString(request[^1])}");
            }
        }
    }
}
