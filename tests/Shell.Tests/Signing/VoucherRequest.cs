using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Requests for vouchers, the smallest thing that a signer is asked, on payment channels from its own key to nobody in particular.</summary>
internal static class VoucherRequest
{
    private const string Payee = "0x00000000000000000000000000000000000b0b00";
    private const string App = "0x00000000000000000000000000000000000000c1";
    private const string NoAddress = "0x0000000000000000000000000000000000000000";

    /// <summary>A voucher alone, of this total on the channel with this number.</summary>
    public static byte[] Of(string payer, int channel, int total) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"kind":"voucher","channel":"{{ChannelOf(payer, channel)}}","total":{{total}}}"""));

    /// <summary>The same behind what a signer needs to know of the channel.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Items(string payer, int channel, int total) =>
        [Contracts(), Opening(payer, channel, NoAddress, NoAddress, "go-nitro"), Of(payer, channel, total)];

    /// <summary>Somebody's signature on a state of a ledger with so many guarantees: evidence that tells nothing.</summary>
    public static ReadOnlyMemory<byte> LargeLedger(string leader, int guarantees, int turn)
    {
        var line = $$"""
            {"Destination":"0x{{new string('7', 64)}}","Amount":1000000000000000000,"AllocationType":2,"Metadata":"{{Convert.ToBase64String(new byte[64])}}"}
            """;
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"kind":"peer-state","state":{"Participants":["{{leader}}","{{Payee}}"],"ChannelNonce":3,"AppDefinition":"{{App}}","ChallengeDuration":100,
             "AppData":"","TurnNum":{{turn}},"IsFinal":false,"Outcome":[{"Asset":"{{NoAddress}}","AssetMetadata":{"AssetType":0,"Metadata":null},
             "Allocations":[{{string.Join(',', Enumerable.Repeat(line, guarantees))}}]}]},"signature":"0x{{new string('1', 128)}}1b"}
            """));
    }

    /// <summary>The same with its name and its digest.</summary>
    public static SignRequest Request(long effectId, string lane, string payer, int channel, int total) =>
        new(effectId, lane, Items(payer, channel, total), Digest(Of(payer, channel, total)));

    /// <summary>A token, 20 bytes.</summary>
    public static ReadOnlyMemory<byte> Token { get; } = Convert.FromHexString("00000000000000000000000000000000000000d1");

    /// <summary>Calldata that lets the adjudicator take 5 of it.</summary>
    public static ReadOnlyMemory<byte> Approval { get; } = Convert.FromHexString($"095ea7b3{new string('0', 62)}c3{new string('0', 63)}5");

    /// <summary>A ledger between the key and nobody in particular, in the token or in the native coin.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> LedgerItems(string leader, bool inTokens) =>
        [Contracts(), Opening(leader, inTokens ? 1 : 2, App, inTokens ? "0x" + Convert.ToHexStringLower(Token.Span) : NoAddress, "nitro")];

    /// <summary>The 32 bytes that are signed.</summary>
    public static ReadOnlyMemory<byte> Digest(byte[] voucher) =>
        SignerCore.TryRead(voucher, out var item, out var error) ? item.Digest : throw new InvalidOperationException(error);

    private static byte[] Contracts() => Encoding.UTF8.GetBytes(
        """
        {"kind":"contracts","chainId":1337,"adjudicator":"0x00000000000000000000000000000000000000c3",
         "consensusApp":"0x00000000000000000000000000000000000000c1","virtualPaymentApp":"0x00000000000000000000000000000000000000c2"}
        """);

    private static byte[] Opening(string payer, int channel, string app, string asset, string dialect) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"kind":"channel","dialect":"{{dialect}}","state":{"Participants":["{{payer}}","{{Payee}}"],"ChannelNonce":{{channel}},
         "AppDefinition":"{{app}}","ChallengeDuration":100,"AppData":"","TurnNum":0,"IsFinal":false,
         "Outcome":[{"Asset":"{{asset}}","AssetMetadata":{"AssetType":0,"Metadata":null},"Allocations":[
           {"Destination":"{{Destination(payer)}}","Amount":1000000,"AllocationType":0,"Metadata":null},
           {"Destination":"{{Destination(Payee)}}","Amount":0,"AllocationType":0,"Metadata":null}]}] } }
        """));

    private static string Destination(string address) => $"0x{new string('0', 24)}{address[2..]}";

    /// <summary>abi.encode(participants, nonce, app, challengeDuration), hashed.</summary>
    private static string ChannelOf(string payer, int channel)
    {
        var words = new byte[7 * 32];
        words[31] = 4 * 32;
        BinaryPrimitives.WriteInt32BigEndian(words.AsSpan(60), channel);
        words[127] = 100;
        words[159] = 2;
        Convert.FromHexString(payer.AsSpan(2)).CopyTo(words, 172);
        Convert.FromHexString(Payee.AsSpan(2)).CopyTo(words, 204);
        var hash = new byte[32];
        Keccak256.Hash(words, hash);
        return "0x" + Convert.ToHexStringLower(hash);
    }
}
