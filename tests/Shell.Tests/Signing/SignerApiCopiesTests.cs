using Google.Protobuf;
using Nitro.Ports;
using Nitro.SignerProtocol;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>What a copy of a request carries, and when another is given.</summary>
public sealed class SignerApiCopiesTests
{
    [Fact]
    public async Task EvidenceThatDoesNotFitGoesAheadInOrderWithEveryCopy()
    {
        await using var door = await SignerDoor.OpenAsync();
        var small = Enumerable.Range(0, 600).Select(turn => VoucherRequest.LargeLedger(FakeSigner.Address, 0, turn));
        var large = Enumerable.Range(600, 4).Select(turn => VoucherRequest.LargeLedger(FakeSigner.Address, 3_000, turn));
        ReadOnlyMemory<byte>[] evidence = [.. small, .. large];
        await door.AskAsync(evidence);
        for (var copy = 0; copy < 2; copy++)
        {
            await using var signer = await FakeSigner.AttachAsync(door.Address);
            var parts = new List<HsmRequest> { await signer.NextAsync() };
            while (parts[^1].Preliminary)
            {
                parts.Add(await signer.NextAsync());
            }

            Assert.Single(parts.Select(part => (part.RequestId, part.Delivery)).Distinct());
            Assert.All(parts, part => Assert.InRange(part.CalculateSize(), 1, 4 * 1024 * 1024));
            var items = parts.Select(part => SignItems.Parser.ParseFrom(part.Raw).Items).ToList();
            Assert.All(items, some => Assert.InRange(some.Count, 1, SignerApiTerms.MostItems));
            Assert.Equal(evidence.Select(item => ByteString.CopyFrom(item.Span)), items.SelectMany(some => some).Take(evidence.Length));
            if (copy == 1)
            {
                Assert.Equal("accepted", await signer.SignAsync(parts[^1]));
            }
        }

        Assert.Equal(1_005, (await door.NextAsync()).EffectId);
    }

    [Fact]
    public async Task RequestsOfOneLaneAreNotPutTogetherBeyondWhatAMessageHolds()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        var ledger = VoucherRequest.LargeLedger(FakeSigner.Address, 4_000, 7);
        await door.Signer.SubmitAsync(
            [.. Enumerable.Range(1, 5).Select(total => Request(total, ledger))], CancellationToken.None);

        for (var told = 0; told < 5;)
        {
            var request = await signer.NextAsync();
            Assert.False(request.Preliminary);
            Assert.Equal("accepted", await signer.SignAsync(request));
            for (var left = SignItems.Parser.ParseFrom(request.Raw).Items.Count / 4; left > 0; left--)
            {
                Assert.Equal(++told, (await door.NextAsync()).EffectId);
            }
        }

        static SignRequest Request(int total, ReadOnlyMemory<byte> ledger)
        {
            var request = VoucherRequest.Request(total, "lane 1", FakeSigner.Address, 1, total);
            return request with { Items = [ledger, .. request.Items] };
        }
    }

    [Fact]
    public async Task ATransactionIsAskedForWithTheCallsThatCausedIt()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        var call = new CallContext("create_ledger_channel", "{}"u8.ToArray(), new(new byte[] { 1, 2 }, new byte[] { 3, 4 }), new byte[] { 5 }, 6);
        var transaction = new UnsignedTransaction(1337, 4, 1, 2, 21_000, VoucherRequest.Token, 0, VoucherRequest.Approval);
        var signing = door.Api.TransactionSigner(new(FakeSigner.Address, FakeSigner.Address)).SignAsync(transaction, [], [call], CancellationToken.None);

        var request = await signer.NextAsync();
        await signer.SignAsync(request);
        await signing;

        var shown = Assert.Single(request.Requests);
        Assert.Equal(("create_ledger_channel", "{}"), (shown.Uri, shown.Request.ToStringUtf8()));
        Assert.Equal([1, 2], shown.Envelope.ToByteArray());
        Assert.Equal([3, 4], shown.Signature.ToByteArray());
    }

    [Fact]
    public async Task WhoseAnswerWasNoneIsAskedAgain()
    {
        await using var door = await SignerDoor.OpenAsync(patience: TimeSpan.FromMilliseconds(200));
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var first = await signer.NextAsync();
        Assert.Equal("unknown", await signer.RespondAsync(FakeSigner.Signed(first, Host.TestKeys.Key(8))));

        var again = await signer.NextAsync();

        Assert.Equal(first.RequestId, again.RequestId);
        Assert.NotEqual(first.Delivery, again.Delivery);
        Assert.Equal(first.Raw, again.Raw);
        Assert.Equal("accepted", await signer.SignAsync(again));
        Assert.Null((await door.NextAsync()).RefusedTag);
    }
}
