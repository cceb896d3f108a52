using System.Globalization;
using System.Text;
using Nitro.Signing;

namespace Nitro.Shell.Tests.Signing.Hostile;

/// <summary>One channel of the native coin between two, in the words of Request.V1: whatever state anybody may want of it.</summary>
/// <param name="app">Its application, 0x and 40 digits.</param>
/// <param name="nonce">Its number.</param>
/// <param name="parties">Their addresses.</param>
/// <param name="balances">At its opening.</param>
internal sealed class ScriptedChannel(string app, int nonce, (string First, string Last) parties, (int First, int Last) balances)
{
    /// <summary>The channel's id, 0x and 64 digits.</summary>
    public string Id { get; } = Read(Json("state", app, nonce, parties, 0, false, "", Lines(parties, balances))).Lane;

    /// <summary>Makes it known.</summary>
    public byte[] Opening => Json("channel", app, nonce, parties, 0, false, "", Lines(parties, balances), ""","dialect":"nitro" """);

    /// <summary>A state that is to be signed, or challenged with.</summary>
    public byte[] State(int turn, (int First, int Last)? split = null, bool isFinal = false, string appData = "", string kind = "state", string more = "") =>
        Json(kind, app, nonce, parties, turn, isFinal, appData, Lines(parties, split ?? balances) + more);

    /// <summary>The same with the signature of whoever has this key.</summary>
    public byte[] Signed(byte[] key, int turn, (int First, int Last)? split = null, bool isFinal = false, string more = "") =>
        Shown(FakeSigner.Signature(State(turn, split, isFinal, more: more), key), turn, split, isFinal, more);

    /// <summary>The same with a signature that may have been made for anything.</summary>
    public byte[] Shown(byte[] signature, int turn, (int First, int Last)? split = null, bool isFinal = false, string more = "") =>
        Json("peer-state", app, nonce, parties, turn, isFinal, "", Lines(parties, split ?? balances) + more, Signature(signature));

    /// <summary>What the chain is said to hold.</summary>
    public byte[] Held(int amount) => Text(
        $$"""{"kind":"holdings","channel":"{{Id}}","held":[{"asset":"{{HostileWorld.Coin}}","amount":{{amount}}}],"height":10,"tip":40}""");

    /// <summary>A voucher that is to be signed.</summary>
    public byte[] Voucher(int total) => Text($$"""{"kind":"voucher","channel":"{{Id}}","total":{{total}}}""");

    /// <summary>An addition to this ledger.</summary>
    public byte[] Add(int turn, string target, int amount, int leftDeposit) => Proposal(
        turn, amount.ToString(CultureInfo.InvariantCulture), target, Destination(parties.First), Destination(parties.Last), leftDeposit.ToString(CultureInfo.InvariantCulture), Zero, "null");

    /// <summary>A removal from this ledger.</summary>
    public byte[] Remove(int turn, string target, int leftAmount) =>
        Proposal(turn, "null", Zero, Zero, Zero, "null", target, leftAmount.ToString(CultureInfo.InvariantCulture));

    /// <summary>The line of a guarantee in this ledger's outcome.</summary>
    public string Guarantee(string target, int amount)
    {
        var metadata = Convert.FromHexString(Destination(parties.First)[2..] + Destination(parties.Last)[2..]);
        return $$""",{"Destination":"{{target}}","Amount":{{amount}},"AllocationType":2,"Metadata":"{{Convert.ToBase64String(metadata)}}"}""";
    }

    private const string Zero = "0x0000000000000000000000000000000000000000000000000000000000000000";

    private static SigningItem Read(byte[] item) => SignerCore.TryRead(item, out var read, out var error) ? read : throw new InvalidOperationException(error);

    private static byte[] Text(string json) => Encoding.UTF8.GetBytes(json);

    private static string Destination(string address) => $"0x{new string('0', 24)}{address[2..]}";

    private static string Signature(byte[] signature) => $$""","signature":"0x{{Convert.ToHexStringLower(signature)}}" """;

    private static string Lines((string First, string Last) parties, (int First, int Last) split) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"Destination":"{{Destination(parties.First)}}","Amount":{{split.First}},"AllocationType":0,"Metadata":null},
        {"Destination":"{{Destination(parties.Last)}}","Amount":{{split.Last}},"AllocationType":0,"Metadata":null}
        """);

    private static byte[] Json(
        string kind, string app, int nonce, (string First, string Last) parties, int turn, bool isFinal, string appData, string lines, string more = "") => Text(string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"kind":"{{kind}}"{{more}},"state":{"Participants":["{{parties.First}}","{{parties.Last}}"],"ChannelNonce":{{nonce}},
         "AppDefinition":"{{app}}","ChallengeDuration":86400,"AppData":"{{appData}}","TurnNum":{{turn}},"IsFinal":{{(isFinal ? "true" : "false")}},
         "Outcome":[{"Asset":"{{HostileWorld.Coin}}","AssetMetadata":{"AssetType":0,"Metadata":null},"Allocations":[{{lines}}]}] } }
        """));

    private byte[] Proposal(int turn, string amount, string target, string left, string right, string leftDeposit, string removed, string leftAmount) => Text(string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"kind":"proposal","turn":{{turn}},"proposal":{"LedgerID":"{{Id}}",
         "ToAdd":{"Guarantee":{"Amount":{{amount}},"Target":"{{target}}","Left":"{{left}}","Right":"{{right}}"},"LeftDeposit":{{leftDeposit}}},
         "ToRemove":{"Target":"{{removed}}","LeftAmount":{{leftAmount}}} } }
        """));
}
