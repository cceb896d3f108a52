using System.Text;
using Google.Protobuf;
using Nitro.Grpc;
using Nitro.SignerProtocol;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>What a node takes from its signers, and what it leaves aside: each request ends once, by a right answer alone.</summary>
public sealed class SignerApiTests
{
    [Fact]
    public async Task ARightAnswerEndsTheRequestOnce()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var request = await signer.NextAsync();

        Assert.True(request.RequestId >= 1_000);
        Assert.Equal("accepted", await signer.SignAsync(request));
        Assert.Equal("duplicate", await signer.SignAsync(request));
        var answer = await door.NextAsync();
        Assert.Equal((1_005, null), (answer.EffectId, answer.RefusedTag));
        Assert.Equal(FakeSigner.Signature(VoucherRequest.Of(FakeSigner.Address, 1, 5), FakeSigner.Key), answer.Signature.ToArray());
        Assert.True(door.IsQuiet);
        Assert.Equal(0, door.Api.Health.Pending);
    }

    [Fact]
    public async Task AnAnswerToNothingIsUnknown()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);

        Assert.Equal("unknown", await signer.RespondAsync(new HsmResponse { RequestId = 7, Raw = ByteString.CopyFromUtf8("x") }));
        Assert.Equal(1, door.Api.Health.WrongAnswers);
    }

    [Fact]
    public async Task ASignatureByAnotherKeyOrOverSomethingElseIsNoAnswer()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var first = await signer.NextAsync();
        await door.AskAsync(2, 6);
        var second = await signer.NextAsync();

        Assert.Equal("unknown", await signer.RespondAsync(FakeSigner.Signed(first, Host.TestKeys.Key(8))));
        var crossed = FakeSigner.Signed(second);
        crossed.RequestId = first.RequestId;
        Assert.Equal("unknown", await signer.RespondAsync(crossed));
        Assert.Equal(2, door.Api.Health.WrongAnswers);
        Assert.Equal(2, door.Api.Health.Pending);
        Assert.True(door.IsQuiet);

        Assert.Equal("accepted", await signer.SignAsync(first));
        Assert.Equal("accepted", await signer.SignAsync(second));
        Assert.Equal(1_005, (await door.NextAsync()).EffectId);
        Assert.Equal(2_006, (await door.NextAsync()).EffectId);
    }

    [Fact]
    public async Task WhatHasNotTheFormOfAnAnswerIsRefusedAndTheRequestStays()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var request = await signer.NextAsync();
        HsmResponse[] wrong =
        [
            new() { RequestId = request.RequestId, Delivery = request.Delivery, Raw = ByteString.CopyFrom(0xff, 0xff, 0xff) },
            FakeSigner.Response(request, new SignResults { Version = SignerApiTerms.Version }),
            FakeSigner.Response(request, new SignResults { Version = 2, Results = { new SignResult { Refused = "x" } } }),
            FakeSigner.Response(request, new SignResults { Version = 1, Results = { new SignResult { Signature = ByteString.CopyFromUtf8("short") } } }),
            FakeSigner.Response(request, new SignResults { Version = 1, Results = { new SignResult() } }),
        ];
        foreach (var response in wrong)
        {
            var refused = await Assert.ThrowsAsync<GrpcException>(() => signer.RespondAsync(response));
            Assert.Equal(GrpcStatusCode.InvalidArgument, refused.Code);
            Assert.Contains("cannot be read", refused.Message);
        }

        var large = await Assert.ThrowsAsync<GrpcException>(() => signer.RespondAsync(
            new HsmResponse { RequestId = request.RequestId, Raw = ByteString.CopyFrom(new byte[4 * 1024 * 1024]) }));
        Assert.Equal(GrpcStatusCode.ResourceExhausted, large.Code);
        Assert.Equal("accepted", await signer.SignAsync(request));
        Assert.Null((await door.NextAsync()).RefusedTag);
    }

    [Fact]
    public async Task ARefusalIsAnAnswer()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);

        Assert.Equal("accepted", await signer.RefuseAsync(await signer.NextAsync(), "policy-test", instead: "what was signed before"));
        var answer = await door.NextAsync();
        Assert.Equal("policy-test", answer.RefusedTag);
        Assert.Equal("what was signed before", Encoding.UTF8.GetString(answer.Instead.Span));
    }

    [Fact]
    public async Task ARefusalCountsOnlyFromTheNewestCopy()
    {
        await using var door = await SignerDoor.OpenAsync();
        await door.AskAsync(1, 5);
        HsmRequest older;
        await using (var lost = await FakeSigner.AttachAsync(door.Address))
        {
            older = await lost.NextAsync();
        }

        await door.AttachedAsync(0);
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        var newest = await signer.NextAsync();

        Assert.Equal("retained", await signer.RefuseAsync(older, "policy-test"));
        Assert.True(door.IsQuiet);
        Assert.Equal("accepted", await signer.SignAsync(newest));
        Assert.Null((await door.NextAsync()).RefusedTag);
    }

    [Fact]
    public async Task OfSeveralSignersEachMustHaveRefused()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var one = await FakeSigner.AttachAsync(door.Address);
        await using var two = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        await door.AskAsync(2, 6);
        var (first, second) = (await one.NextAsync(), await one.NextAsync());

        Assert.Equal("retained", await one.RefuseAsync(first, "policy-one"));
        Assert.Equal("accepted", await two.SignAsync(await two.NextAsync()));
        Assert.Null((await door.NextAsync()).RefusedTag);
        Assert.Equal("retained", await one.RefuseAsync(second, "policy-one"));
        Assert.Equal("accepted", await two.RefuseAsync(await two.NextAsync(), "policy-two"));
        Assert.Equal("policy-two", (await door.NextAsync()).RefusedTag);
    }

    [Fact]
    public async Task WhoRefusedJudgesOnceMoreWhenAnotherIsLost()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var one = await FakeSigner.AttachAsync(door.Address);
        var two = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var older = await one.NextAsync();
        Assert.Equal("retained", await one.RefuseAsync(older, "policy-test"));
        await two.DisposeAsync();

        var newest = await one.NextAsync();
        Assert.True(newest.Delivery > older.Delivery);
        Assert.Equal("retained", await one.RefuseAsync(older, "policy-test"));
        Assert.Equal("accepted", await one.RefuseAsync(newest, "policy-test"));
        Assert.Equal("policy-test", (await door.NextAsync()).RefusedTag);
    }

    [Fact]
    public async Task ATemporaryRefusalComesAgainAndHoldsUpNoOtherLane()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        var wedged = await signer.NextAsync();
        Assert.Equal("retained", await signer.RefuseAsync(wedged, "approval-pending", isTemporary: true));
        await door.AskAsync(2, 6);

        var other = await signer.NextAsync();
        Assert.NotEqual(wedged.RequestId, other.RequestId);
        await signer.SignAsync(other);
        Assert.Equal(2_006, (await door.NextAsync()).EffectId);
        var again = await signer.NextAsync();
        Assert.Equal(wedged.RequestId, again.RequestId);
        Assert.Equal("accepted", await signer.SignAsync(again));
        Assert.Equal(1_005, (await door.NextAsync()).EffectId);
    }

    [Fact]
    public async Task ALaneIsAnsweredInOrder()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        await door.AskAsync(1, 5);
        await door.AskAsync(1, 6);
        var (first, second) = (await signer.NextAsync(), await signer.NextAsync());

        Assert.Equal("accepted", await signer.SignAsync(second));
        Assert.True(door.IsQuiet);
        Assert.Equal("accepted", await signer.SignAsync(first));
        Assert.Equal(1_005, (await door.NextAsync()).EffectId);
        Assert.Equal(1_006, (await door.NextAsync()).EffectId);
    }

    [Fact]
    public async Task ASilentSignerIsTakenForDead()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address, isSilent: true);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();

        var ended = await signer.EndedAsync();

        Assert.Equal(GrpcStatusCode.Unavailable, ended.Code);
        Assert.Contains("no sign of life", ended.Message);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) >= SignerApiTerms.Silence / 2);
        await door.AttachedAsync(0);
    }

    [Fact]
    public async Task AnothersSignerIsSentAway()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var other = await FakeSigner.AttachAsync(door.Address, channelAddress: Host.TestKeys.AddressOf(Host.TestKeys.Key(7)));
        await using var none = await FakeSigner.AttachAsync(door.Address, channelAddress: "0x12");

        var refused = await other.EndedAsync();
        Assert.Equal(GrpcStatusCode.FailedPrecondition, refused.Code);
        Assert.Contains(FakeSigner.Address, refused.Message);
        Assert.Equal(GrpcStatusCode.InvalidArgument, (await none.EndedAsync()).Code);
        Assert.Equal(0, door.Api.Health.Attached);
    }

    [Fact]
    public async Task WhoeverReachesTheSocketMayAskToo()
    {
        await using var door = await SignerDoor.OpenAsync();
        await using var signer = await FakeSigner.AttachAsync(door.Address);
        using var channel = new GrpcChannel(door.Address);
        await channel.UnaryAsync(SignerApiMethods.Ping, new Empty(), null, CancellationToken.None);
        var items = new SignItems { Version = 1, Items = { ByteString.CopyFrom(VoucherRequest.Of(FakeSigner.Address, 3, 4)) } };

        var asked = channel.UnaryAsync(
            SignerApiMethods.Request, new HsmRequest { RequestId = 5, Raw = items.ToByteString() }, null, CancellationToken.None);
        await signer.SignAsync(await signer.NextAsync());
        var response = await asked;

        Assert.Equal(5u, response.RequestId);
        Assert.Equal(
            FakeSigner.Signature(VoucherRequest.Of(FakeSigner.Address, 3, 4), FakeSigner.Key), SignResults.Parser.ParseFrom(response.Raw).Results[0].Signature.ToByteArray());
        items.Items[0] = ByteString.CopyFromUtf8("{}");
        var refused = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(
            SignerApiMethods.Request, new HsmRequest { RequestId = 6, Raw = items.ToByteString() }, null, CancellationToken.None));
        Assert.Equal(GrpcStatusCode.InvalidArgument, refused.Code);
    }
}
