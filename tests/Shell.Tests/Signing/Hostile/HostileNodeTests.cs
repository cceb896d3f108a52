using Google.Protobuf;
using Nitro.SignerProtocol;
using Xunit;

namespace Nitro.Shell.Tests.Signing.Hostile;

/// <summary>Over the real stream: each attack of a node in somebody else's hand ends in a refusal that says why, and the signer goes on with its work.</summary>
public sealed class HostileNodeTests
{
    [Fact]
    public async Task WhatWouldCostTheOwnerIsRefusedWithItsTag()
    {
        await using var world = await HostileWorld.StartAsync();
        var (ledger, payments, peer) = (world.Ledger, world.Payments, HostileWorld.PeerKey);
        var stranger = world.NewChannel(HostileWorld.PaymentApp, 90, 20, 0);
        var rich = world.NewChannel(HostileWorld.LedgerApp, 91, 70, 50);
        var half = world.NewChannel(HostileWorld.PaymentApp, 92, 4, 0);
        Assert.Equal("signed", await world.AskAsync(rich.Opening, rich.State(0)));
        Assert.Equal("signed", await world.AskAsync(half.Opening, half.State(0)));
        (string Tag, byte[][] Items)[] attacks =
        [
            // Double state.
            ("no-double-sign", [ledger.State(1, appData: "CQ==")]),
            ("no-double-sign", [ledger.Remove(2, payments.Id, 20)]),
            // Money given away, made, taken out of sight.
            ("balance-not-lowered", [payments.State(2, (10, 10), isFinal: true)]),
            ("outcome-conserved", [payments.State(2, (17, 4), isFinal: true)]),
            ("guarantees-by-proposal-only", [ledger.State(3, (50, 50))]),
            // Raised vouchers: above the day's budget, above what backs them, and back again.
            ("voucher-approved", [payments.Voucher(6)]),
            ("voucher-cap", [payments.Voucher(21)]),
            ("voucher-increasing", [payments.Voucher(2)]),
            // A guarantee to a stranger, and for more than was agreed.
            ("guarantee-target-known", [ledger.Add(3, stranger.Id, 20, 20)]),
            ("guarantee-amount", [half.Signed(peer, 0), ledger.Add(3, half.Id, 25, 25)]),
            // Removed without a final state, or with one that is not signed by both, for other amounts than what we put in.
            ("remove-amount", [ledger.Remove(3, payments.Id, 17)]),
            ("remove-amount", [payments.Signed(peer, 2, (0, 20), isFinal: true), ledger.Remove(3, payments.Id, 0)]),
            // Chain calls.
            ("tx-target", [HostileWorld.Deposit(1, ledger, 50, to: HostileWorld.Peer)]),
            ("tx-chain", [HostileWorld.Deposit(1, ledger, 50, chainId: 1)]),
            ("tx-selector", [HostileWorld.Transaction(1, HostileWorld.Adjudicator, 0, [1, 2, 3, 4])]),
            ("tx-cap", [rich.Signed(peer, 0), HostileWorld.Deposit(1, rich, 70)]),
            ("deposit-amount", [HostileWorld.Deposit(1, ledger, 50)]),
            ("tx-channel", [HostileWorld.Deposit(1, stranger, 20)]),
            ("contracts-pinned", [HostileWorld.Contracts(chainId: 1), payments.Voucher(6)]),
            // Stale history, and what is ahead of it.
            ("challenge-latest-only", [ledger.State(0, kind: "challenge")]),
            ("turn-gap", [ledger.State(6, (30, 50), more: world.Guarantee)]),
            ("turn-next?", [ledger.Add(5, half.Id, 4, 4)]),
            ("postfund-after-deposit?", [half.State(1)]),
            // Across channels.
            ("voucher-channel", [ledger.Voucher(1)]),
            ("ledger-only", [payments.Add(2, half.Id, 4, 4)]),
            ("peer-signature", [rich.Shown(FakeSigner.Signature(ledger.State(1), peer), 1), rich.State(2)]),
            ("channel-known", [stranger.Voucher(1)]),
            // No way to name a hash.
            ("malformed-request", ["""{"kind":"hash","digest":"0x0000000000000000000000000000000000000000000000000000000000000001"}"""u8.ToArray()]),
        ];
        foreach (var (tag, items) in attacks)
        {
            Assert.Equal((tag, "signed"), (await world.AskAsync(items), await world.AskAsync(payments.Voucher(3))));
        }

        Assert.Equal("signed", await world.AskAsync(payments.Voucher(5)));
    }

    [Fact]
    public async Task AnApprovalCountsOnceAndOnlyAsTheDeviceSignedIt()
    {
        await using var world = await HostileWorld.StartAsync();
        var payments = world.Payments;
        var approval = world.Approval(1, payments.Id, 2);

        Assert.Equal("signed", await world.AskAsync(approval, payments.Voucher(5)));
        Assert.Equal("signed", await world.AskAsync(approval, payments.Voucher(7)));
        Assert.Equal("voucher-approved", await world.AskAsync(approval, payments.Voucher(8)));
        Assert.Equal("approval-fresh", await world.AskAsync(world.Approval(1, payments.Id, 3), payments.Voucher(8)));
        Assert.Equal("approval-fresh", await world.AskAsync(world.Approval(2, payments.Id, 1, shown: 9), payments.Voucher(8)));
        Assert.Equal("channel-known", await world.AskAsync(world.Approval(3, "0x" + new string('7', 64), 9), payments.Voucher(8)));

        // What is left of the day, for everybody together, bounds approvals too.
        Assert.Equal("velocity?", await world.AskAsync(world.Approval(4, payments.Id, 9), payments.Voucher(9)));
        Assert.Equal("signed", await world.AskAsync(payments.Voucher(8)));
    }

    [Fact]
    public async Task WhoShowsItASignatureOfItsOwnThatItDoesNotKnowHasARolledBackSigner()
    {
        await using var world = await HostileWorld.StartAsync();
        var newer = (await world.Node.AskAsync(world.Ledger.State(1)))[0].Signature.ToByteArray();
        await using var older = await HostileWorld.StartAsync(isUsed: false, keysOf: world);
        var (ledger, payments) = (older.Ledger, older.Payments);
        Assert.Equal("signed", await older.AskAsync(HostileWorld.Contracts(), ledger.Opening, ledger.State(0)));

        Assert.Equal("state-anchored", await older.AskAsync(ledger.Shown(newer, 1), payments.Opening, payments.State(0)));
        Assert.Equal("state-anchored", await older.AskAsync(ledger.Signed(HostileWorld.PeerKey, 0), HostileWorld.Deposit(0, ledger, 50)));
        Assert.Equal("signed", await older.AskAsync(ledger.State(0)));
        Assert.Equal("signed", await world.AskAsync(world.Payments.Voucher(4)));
    }

    [Fact]
    public async Task WhatIsNoRequestIsAnsweredAsOneAndNothingElseSuffers()
    {
        await using var world = await HostileWorld.StartAsync();
        var payments = world.Payments;
        var items = new SignItems { Version = SignerApiTerms.Version };
        items.Items.AddRange(Enumerable.Repeat(ByteString.CopyFrom(payments.Voucher(3)), SignerApiTerms.MostItems + 1));
        (string Error, ByteString Raw)[] requests =
        [
            ("malformed-request", ByteString.CopyFrom(0xff, 0xff, 0xff)),
            ("unknown-version", ByteString.Empty),
            ("malformed-request", new SignItems { Version = SignerApiTerms.Version }.ToByteString()),
            ("malformed-request", items.ToByteString()),
            ("unknown-version", new SignItems { Version = 2, Items = { ByteString.CopyFrom(payments.Voucher(4)) } }.ToByteString()),
        ];
        foreach (var (error, raw) in requests)
        {
            var response = await world.Node.AskAsync(raw);
            Assert.Equal((error, 0), (response.Error, response.Raw.Length));
            Assert.Equal("signed", await world.AskAsync(payments.Voucher(3)));
        }

        // One that cannot be read takes its evidence with it, not its neighbours.
        Assert.Equal(
            ["", "malformed-request", ""],
            (await world.Node.AskAsync(payments.Voucher(3), "{}"u8.ToArray(), payments.Voucher(3))).Select(result => result.Refused));
        Assert.Equal(1, world.Node.Attached);
    }

    [Fact]
    public async Task ChannelsInOneRequestAreJudgedEachForItself()
    {
        await using var world = await HostileWorld.StartAsync();
        var (ledger, payments) = (world.Ledger, world.Payments);

        var results = await world.Node.AskAsync(ledger.Add(9, payments.Id, 20, 20), ledger.State(1), payments.Voucher(4), payments.Voucher(6));

        // Behind what has to wait nothing of its own channel is judged.
        Assert.Equal(
            [("turn-next", true, 0), ("turn-next", true, 0), ("", false, 65), ("voucher-approved", false, 0)],
            results.Select(result => (result.Refused, result.Temporary, result.Signature.Length)));
    }

    [Fact]
    public async Task AFrameThatCannotBeReadEndsTheAttachmentAndTheSignerComesBack()
    {
        await using var world = await HostileWorld.StartAsync();
        byte[][] frames = [[0x08], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], new HsmRequest { RequestId = 9, Raw = ByteString.CopyFrom(new byte[8 * 1024 * 1024]) }.ToByteArray()];
        foreach (var frame in frames)
        {
            var before = world.Node.Attached;
            world.Node.Send(frame);
            await world.Node.AttachedAsync(before + 1);
            Assert.Equal("signed", await world.AskAsync(world.Payments.Voucher(3)));
        }
    }

    [Fact]
    public async Task ANodeThatFallsSilentIsLeftAndFoundAgain()
    {
        await using var world = await HostileWorld.StartAsync();
        world.Node.SilentStay = world.Node.Attached;

        await world.Node.AttachedAsync(world.Node.SilentStay + 1);

        Assert.Equal("signed", await world.AskAsync(world.Payments.Voucher(4)));
    }

    [Fact]
    public async Task NumbersMeanNothingToIt()
    {
        await using var world = await HostileWorld.StartAsync();
        world.Node.Ack = "unknown";
        var raw = new SignItems { Version = SignerApiTerms.Version, Items = { ByteString.CopyFrom(world.Payments.Voucher(3)) } }.ToByteString();
        var other = new SignItems { Version = SignerApiTerms.Version, Items = { ByteString.CopyFrom(world.Payments.Voucher(2)) } }.ToByteString();

        // The same number for one thing and another, and one that comes out of nowhere.
        var first = await world.Node.AskAsync(500, raw);
        var second = await world.Node.AskAsync(500, other);
        var third = await world.Node.AskAsync(uint.MaxValue, raw);

        Assert.Equal(first.Raw, third.Raw);
        Assert.Equal("voucher-increasing", SignResults.Parser.ParseFrom(second.Raw).Results[0].Refused);
        Assert.Equal("signed", await world.AskAsync(world.Payments.Voucher(4)));
    }
}
