using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Host.Effects;
using Nitro.Host.Loop;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>How signing requests reach a signer: in batches, in order, and again when it is silent.</summary>
public sealed class SignLaneTests : IAsyncLifetime
{
    private readonly ScriptedSigner signer = new();
    private readonly Channel<NodeEvent> outcomes = Channel.CreateUnbounded<NodeEvent>();
    private readonly CancellationTokenSource stop = new();
    private readonly SignLane lane;
    private Task[] running = [];

    public SignLaneTests()
    {
        Assert.True(NitroCore.TryConfigure(TestWorld.SettingsJson(TestKeys.AddressOf(TestKeys.Key(1))), TestKeys.Recover, out var settings, out _));
        var node = NitroCore.Create(settings!);
        lane = new SignLane(
            signer,
            () => node,
            outcome => outcomes.Writer.TryWrite(outcome),
            new LaneOptions { SignPatience = TimeSpan.FromMilliseconds(100), ShortestWait = TimeSpan.FromMilliseconds(1) },
            new Counters(),
            NullLogger.Instance);
    }

    public Task InitializeAsync()
    {
        running = [lane.SubmitAsync(stop.Token), lane.AnswerAsync(stop.Token)];
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Fact]
    public async Task WhileOneBatchIsAtTheSignerTheNextCollects()
    {
        Ask(1);
        Assert.Equal(new long[] { 1 }, await signer.NextAsync());
        Ask(2, 3, 4);
        signer.Answer(1);

        Assert.Equal(new long[] { 2, 3, 4 }, await signer.NextAsync());
    }

    [Fact]
    public async Task ASilentSignerIsAskedAgainForTheSame()
    {
        Ask(1);

        Assert.Equal(new long[] { 1 }, await signer.NextAsync());
        Assert.Equal(new long[] { 1 }, await signer.NextAsync());
    }

    [Fact]
    public async Task ASignerThatCannotBeReachedIsAskedAgain()
    {
        signer.Failures = 2;
        Ask(1);

        Assert.Equal(new long[] { 1 }, await signer.NextAsync());
        Assert.Equal(0, signer.Failures);
    }

    [Fact]
    public async Task AnswersToNothingAreLeftOut()
    {
        Ask(1);
        await signer.NextAsync();
        signer.Answer(77);
        signer.Answer(1);
        signer.Answer(1);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await outcomes.Reader.ReadAsync(limit.Token);
        Ask(2);
        await signer.NextAsync();

        Assert.False(outcomes.Reader.TryRead(out _));
    }

    private void Ask(params IReadOnlyList<long> ids)
    {
        foreach (var id in ids)
        {
            lane.Add(new SignRequest(id, "lane", [new byte[] { 1 }], default));
        }
    }

    private sealed class ScriptedSigner : ISigner
    {
        private readonly Channel<long[]> batches = Channel.CreateUnbounded<long[]>();
        private readonly Channel<IReadOnlyList<SignAnswer>> answers = Channel.CreateUnbounded<IReadOnlyList<SignAnswer>>();

        public int Failures { get; set; }

        public ReadOnlyMemory<byte> ChannelAddress => new byte[20];

        public ValueTask SubmitAsync(IReadOnlyList<SignRequest> requests, CancellationToken cancellationToken)
        {
            if (Failures > 0)
            {
                Failures--;
                throw new IOException("no signer");
            }

            batches.Writer.TryWrite([.. requests.Select(request => request.EffectId)]);
            return ValueTask.CompletedTask;
        }

        public IAsyncEnumerable<IReadOnlyList<SignAnswer>> AnswersAsync(CancellationToken cancellationToken) =>
            answers.Reader.ReadAllAsync(cancellationToken);

        public async Task<long[]> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            return await batches.Reader.ReadAsync(limit.Token);
        }

        public void Answer(long id) => answers.Writer.TryWrite([new SignAnswer(id, default, "policy-test")]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
