using System.Text;
using System.Text.Json;
using Nitro.Ports;
using Nitro.Shell.Tests.Host;
using Nitro.Signing;
using Nitro.Signing.Calls;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A policy without a budget pays what its owner's device signed for, that much and once; and nothing on anybody else's word.</summary>
public sealed class CallApprovalTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-approval-");
    private readonly DeviceKey _device;
    private readonly DeviceKey _stranger;
    private readonly MemoryStore _store;
    private readonly SigningDesk _desk;

    public CallApprovalTests()
    {
        _device = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "phone.key"));
        _stranger = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "other.key"));
        var document = $$"""
            {"preset":"paying-agent","asset":"0x0000000000000000000000000000000000000000","perDay":"0","inAll":"1000000","deposit":"0",
             "challengeMin":0,"approvers":["{{Convert.ToHexString(_device.PublicKey)}}"]}
            """;
        Assert.True(SignerPolicy.TryRead(Encoding.UTF8.GetBytes(document), out var policy, out var error), error);
        _store = MemoryStore.Open(Path.Combine(_folder.FullName, "marks.db"), Address, policy!, 0);
        _desk = new SigningDesk(FakeSigner.Key, null, _store, TimeProvider.System, 16);
    }

    private static byte[] Address => Convert.FromHexString(FakeSigner.Address.AsSpan(2));

    public void Dispose()
    {
        _store.Dispose();
        _device.Dispose();
        _stranger.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void WhatTheDeviceSignedIsPaidOnceAndNoMore()
    {
        Assert.Equal("voucher-approved", Ask(10));
        var pay = Pay(_device, 10);
        Assert.Equal("voucher-approved", Ask(11, pay));
        Assert.Null(Ask(10, pay));

        // Shown again, for the same voucher and for more.
        Assert.Null(Ask(10, pay));
        Assert.Equal("voucher-approved", Ask(20, pay));
        Assert.Null(Ask(20, pay, Pay(_device, 10)));
    }

    [Fact]
    public void AStrangersCallApprovesNothing() => Assert.Equal("voucher-approved", Ask(10, Pay(_stranger, 10)));

    [Fact]
    public void ACallForAnotherChannelApprovesNothingHere() => Assert.Equal("voucher-approved", Ask(10, Pay(_device, 10, channel: 2)));

    private static string ChannelOf(int channel)
    {
        using var voucher = JsonDocument.Parse(VoucherRequest.Of(FakeSigner.Address, channel, 1));
        return voucher.RootElement.GetProperty("channel").GetString()!;
    }

    private static CallContext Pay(DeviceKey device, int amount, int channel = 1)
    {
        var payload = Encoding.UTF8.GetBytes($$"""{"Amount":{{amount}},"Channel":"{{ChannelOf(channel)}}"}""");
        var now = DateTimeOffset.UtcNow;
        return new CallContext("pay", payload, device.Sign(Address, "pay", payload, now), device.PublicKey, now.ToUnixTimeMilliseconds());
    }

    /// <summary>Asks for a voucher of this total. Null: it is signed; else the tag.</summary>
    private string? Ask(int total, params CallContext[] calls)
    {
        // The channel is known before a call that pays on it can approve anything.
        var items = SigningDesk.Read(VoucherRequest.Items(FakeSigner.Address, 1, total));
        return Assert.Single(_desk.Answer([new DeskQuestion(items, calls)])).Tag;
    }
}
