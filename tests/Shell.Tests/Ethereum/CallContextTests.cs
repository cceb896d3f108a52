using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>Who signs a transaction is shown who asked for it, as with everything else that it signs.</summary>
public sealed class CallContextTests(DevChain dev) : IClassFixture<DevChain>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatCausedACallIsShownToItsSignerAsItStoodAtFirst()
    {
        await dev.AutomineAsync(true);
        var options = RunningChain.Options(dev.Anvil.Url, dev.Adjudicator, _folder.Store, await dev.HeightAsync() + 1);
        var call = new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]);
        var failing = new FailingSigner(int.MaxValue);
        await using (var running = RunningChain.Start(options, failing))
        {
            await running.Chain.SubmitAsync(call with { Contexts = [Context("open", 1), Context("open", 2)] }, DevChain.Never);
            await RunningChain.UntilAsync(() => failing.Asked > 0);
            Assert.Equal([(byte)1, (byte)2], failing.Contexts.Select(context => context.Payload.Span[0]));
        }

        var signer = new FailingSigner(0);
        await using var again = RunningChain.Start(options, signer);
        await again.Chain.SubmitAsync(call with { Contexts = [Context("other", 3)] }, DevChain.Never);
        await RunningChain.UntilAsync(() => again.Chain.Health.Transactions == 1);
        Assert.Equal(["open", "open"], signer.Contexts.Select(context => context.Method));
        Assert.Equal([(byte)1, (byte)2], signer.Contexts.Select(context => context.Payload.Span[0]));
        Assert.Equal([(10, 20, 30, 40L), (10, 20, 30, 40L)], signer.Contexts.Select(Lengths));

        static CallContext Context(string method, byte payload) =>
            new(method, new[] { payload }, new CallSignature(new byte[10], new byte[20]), new byte[30], 40);

        static (int Envelope, int Signature, int Device, long Time) Lengths(CallContext context) =>
            (context.Signed.Envelope.Length, context.Signed.Signature.Length, context.PublicKey.Length, context.Time);
    }
}
