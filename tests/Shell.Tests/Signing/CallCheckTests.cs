using System.Text;
using Nitro.Ports;
using Nitro.Signing;
using Nitro.Signing.Calls;
using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Which signed calls count: fresh ones of enrolled devices, for this node, this method and these bytes, once.</summary>
public sealed class CallCheckTests : IDisposable
{
    private static readonly byte[] Node = [.. Enumerable.Range(1, 20).Select(each => (byte)each)];
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes("""{ "Amount": 5 }""");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-calls-");
    private readonly StoppedClock _clock = new();
    private readonly DeviceKey _device;
    private CallLedger _ledger;

    public CallCheckTests()
    {
        _device = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "phone.key"));
        _ledger = CallLedger.Open(LedgerPath, "node");
        Enrol(_device);
    }

    private string ListPath => Path.Combine(_folder.FullName, "devices.json");

    private string LedgerPath => Path.Combine(_folder.FullName, "calls.db");

    public void Dispose()
    {
        _ledger.Dispose();
        _device.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void AFreshCallCountsOnceAlsoAfterARestart()
    {
        var signed = Sign();
        Assert.Equal(("", true), Judge(signed));
        Assert.Equal(("", false), Judge(signed));
        _ledger.Dispose();
        _ledger = CallLedger.Open(LedgerPath, "node");
        Assert.Equal(("", false), Judge(signed));
        Assert.Equal(("", true), Judge(Sign()));
        Assert.Equal(["request", "request"], _ledger.Load(_clock.Now).Select(each => each.RequestId));
        Assert.Equal(Payload, _ledger.Load(_clock.Now)[0].Call.Payload.ToArray());
    }

    [Fact]
    public void AnotherKeyOfTheDevicesFileIsReadAgain()
    {
        using var again = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "phone.key"));
        Assert.Equal(_device.PublicKey, again.PublicKey);
        File.WriteAllText(Path.Combine(_folder.FullName, "phone.key"), "bm8ga2V5");
        Assert.Throws<StorageException>(() => DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "phone.key")));
    }

    [Fact]
    public void AnotherMethodPayloadOrNodeIsRefused()
    {
        Assert.Equal("call-other-method", Judge(Sign(), method: "create_voucher").Tag);
        Assert.Equal("call-other-payload", Judge(Sign(), payload: """{"Amount":5}"""u8.ToArray()).Tag);
        Assert.Equal("call-other-payload", Judge(Sign(), payload: []).Tag);
        Assert.Equal("call-too-large", Judge(Sign(), payload: new byte[CallCheck.MostPayloadBytes + 1]).Tag);
        Assert.Equal("call-other-node", Judge(_device.Sign(new byte[20], "pay", Payload, _clock.Now)).Tag);
    }

    [Fact]
    public void AStrangerAndAWrongSignatureAreRefused()
    {
        using var stranger = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "other.key"));
        Assert.Equal("device-unknown", Judge(stranger.Sign(Node, "pay", Payload, _clock.Now)).Tag);
        Enrol(stranger);
        Assert.Equal(("", true), Judge(stranger.Sign(Node, "pay", Payload, _clock.Now)));

        var signed = Sign();
        for (var i = 0; i < signed.Signature.Length; i++)
        {
            var spoilt = signed.Signature.ToArray();
            spoilt[i] ^= 1;
            Assert.Equal("signature-wrong", Judge(signed with { Signature = spoilt }).Tag);
        }

        Assert.Equal("signature-wrong", Judge(signed with { Signature = signed.Signature[..63] }).Tag);
        for (var i = 0; i < signed.Envelope.Length; i++)
        {
            var spoilt = signed.Envelope.ToArray();
            spoilt[i] ^= 1;
            Assert.Contains(Judge(signed with { Envelope = spoilt }).Tag, (string[])["signature-malformed", "device-unknown", "signature-wrong"]);
        }

        Assert.Equal(("", true), Judge(signed));
    }

    [Theory]
    [InlineData(-601, false)]
    [InlineData(-599, true)]
    [InlineData(59, true)]
    [InlineData(61, false)]
    [InlineData(-3600, false)]
    public void AClockThatIsOffByTooMuchIsSaidSo(int seconds, bool counts)
    {
        var signed = _device.Sign(Node, "pay", Payload, _clock.Now.AddSeconds(seconds));
        Assert.Equal(counts ? "" : "call-stale", Judge(signed).Tag);
    }

    [Fact]
    public void WhatWasSeenInTimeStaysGoodForItsConsequences()
    {
        var signed = Sign();
        Assert.Equal(("", true), Judge(signed));
        _clock.Now += TimeSpan.FromHours(3);
        Assert.Equal(("", false), Judge(signed));
        Assert.Equal("call-stale", Judge(_device.Sign(Node, "pay", Payload, _clock.Now.AddHours(-3))).Tag);
    }

    [Fact]
    public void ANonceStandsForOneCall()
    {
        var nonce = new byte[16];
        Assert.Equal(("", true), Judge(WithNonce("pay", nonce)));
        Assert.Equal("call-replayed", Judge(WithNonce("create_voucher", nonce), method: "create_voucher").Tag);
    }

    [Fact]
    public void MemoryIsBoundedAndOldOnesMakeRoom()
    {
        _ledger.Dispose();
        _ledger = CallLedger.Open(Path.Combine(_folder.FullName, "small.db"), "node", most: 2);
        Assert.Equal(("", true), Judge(Sign()));
        Assert.Equal(("", true), Judge(Sign()));
        Assert.Equal("call-too-many", Judge(Sign()).Tag);
        _clock.Now += TimeSpan.FromHours(25);
        Assert.Equal(("", true), Judge(Sign()));
    }

    [Theory]
    [InlineData("""[{"name":"phone","publicKey":"04ab"}]""")]
    [InlineData("""[{"name":"phone"}]""")]
    [InlineData("[null]")]
    [InlineData("{")]
    public void ADamagedListIsNeverGuessed(string text)
    {
        File.WriteAllText(ListPath, text);
        File.SetLastWriteTimeUtc(ListPath, DateTime.UtcNow.AddMinutes(1));
        Assert.Contains("devices.json", Assert.Throws<StorageException>(() => Judge(Sign())).Message, StringComparison.Ordinal);
        Assert.Contains("devices.json", Assert.Throws<StorageException>(() => new DeviceList(ListPath)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("04")]
    [InlineData("zz")]
    public void WhatIsNoPublicKeyIsNotEnrolled(string key) => Assert.Throws<StorageException>(() => DeviceList.Enrol(ListPath, "phone", key));

    private void Enrol(DeviceKey device)
    {
        DeviceList.Enrol(ListPath, "phone", Convert.ToHexString(device.PublicKey));

        // Written twice within one tick of the file system's clock it would look unchanged.
        File.SetLastWriteTimeUtc(ListPath, DateTime.UtcNow.AddSeconds(Random.Shared.Next(1, 1_000_000)));
    }

    private CallSignature Sign() => _device.Sign(Node, "pay", Payload, _clock.Now);

    private CallSignature WithNonce(string method, byte[] nonce)
    {
        var envelope = SignedCall.Encode(
            Node, method, System.Security.Cryptography.SHA256.HashData(Payload), _clock.Now.ToUnixTimeMilliseconds(), nonce, DeviceSignature.CredentialOf(_device.PublicKey));
        using var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(File.ReadAllText(Path.Combine(_folder.FullName, "phone.key")).Trim()), out _);
        return new CallSignature(envelope, key.SignData(envelope.Span, System.Security.Cryptography.HashAlgorithmName.SHA256));
    }

    private (string Tag, bool IsNew) Judge(CallSignature signed, string method = "pay", byte[]? payload = null)
    {
        var check = new CallCheck(Node, new DeviceList(ListPath), _ledger, _clock);
        var refusal = check.Judge(signed, method, payload ?? Payload, "request", out var context, out var isNew);
        Assert.Equal(refusal is null, context is not null);
        Assert.True(refusal is null || (refusal.Message.Length > 10 && refusal.Next.Length > 5));
        return (refusal?.Tag ?? "", isNew);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
