using Microsoft.Extensions.Logging;
using Nitro.Ethereum;
using Nitro.Host.Api;
using Nitro.Host.Effects;
using Nitro.Host.Loop;
using Nitro.Ports;
using Nitro.Signing;

namespace Nitro.Host;

/// <summary>
/// One node: one journal, one mailbox, one writer. It stops alone when the core contradicts itself or the journal fails,
/// and says so; it never carries on.
/// </summary>
public sealed class Tenant : IAsyncDisposable
{
    /// <summary>The shortest time between two ticks, whatever the core asks for.</summary>
    private static readonly TimeSpan ShortestTick = TimeSpan.FromMilliseconds(10);

    private readonly TenantParts parts;
    private readonly Counters counters = new();
    private readonly EventClock clock;
    private readonly Mailbox mailbox;
    private readonly PendingCalls calls = new();
    private readonly NotificationHub hub;
    private readonly PeerLanes peers;
    private readonly SignLane signs;
    private readonly ChainLane chain;
    private readonly Dispatcher dispatcher;
    private readonly Turn turn;
    private readonly Epochs epochs;
    private readonly Snapshots snapshots;
    private readonly Witness witness;
    private volatile TenantState state;
    private int isDisposed;

    private Tenant(TenantParts parts, NodeHandle node, long lastMicros, long from)
    {
        this.parts = parts;
        var lanes = new LaneOptions();
        clock = new EventClock(parts.Time, lastMicros);
        mailbox = new Mailbox(parts.Limits.Mailbox);
        hub = new NotificationHub(parts.Limits.Notifications);
        peers = new PeerLanes(parts.Link, Report, lanes, counters, parts.Logger);
        signs = new SignLane(parts.Signer, Published, Report, lanes, counters, parts.Logger);
        chain = new ChainLane(parts.Chain, lanes, counters, parts.Logger);
        dispatcher = new Dispatcher(peers, signs, chain, effect => parts.Calls?.Of(Published(), effect) ?? []);
        turn = new Turn(parts.Journal, node, clock, new StepRelease(dispatcher, calls, hub, parts.Logger), counters);
        epochs = new Epochs(parts, turn, mailbox.Nudge);
        snapshots = new Snapshots(parts, from);
        witness = new Witness(parts);
        Port = new NodePort(Published, mailbox, calls, hub, () => Statistics, () => parts.Signer.Health, parts.Calls, parts.Limits.CallTime);
    }

    /// <summary>For logs and the API.</summary>
    public string Name => parts.Name;

    /// <summary>The channel address, 0x and 40 lower-case digits.</summary>
    public string Address => parts.Settings.Address;

    /// <summary>Where it is in its life.</summary>
    public TenantState State => state;

    /// <summary>Why it broke.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Its API.</summary>
    public INodePort Port { get; }

    /// <summary>What it has done so far.</summary>
    public TenantStatistics Statistics => new(
        Published().Position,
        parts.Journal.Statistics,
        Interlocked.Read(ref counters.Steps),
        Interlocked.Read(ref counters.Turned),
        Interlocked.Read(ref counters.Sent),
        Interlocked.Read(ref counters.Received),
        Interlocked.Read(ref counters.Offences),
        Interlocked.Read(ref counters.Signatures),
        Interlocked.Read(ref counters.Refusals),
        Interlocked.Read(ref counters.Retries),
        Published().OpenObjectives,
        Published().UnfinishedCount,
        mailbox.Count + calls.Count,
        parts.Chain.Health,
        parts.Signer.Health,
        parts.Link.Health);

    /// <summary>Reads the journal, and opens a new epoch if one is due. The parts belong to the tenant once this has succeeded.</summary>
    /// <exception cref="TenantStoppedException">The journal cannot be read by this version, or the signer holds another key.</exception>
    /// <exception cref="JournalException">The journal is damaged.</exception>
    public static async Task<Tenant> OpenAsync(TenantParts parts, CancellationToken cancellationToken)
    {
        var signing = "0x" + Convert.ToHexStringLower(parts.Signer.ChannelAddress.Span);
        if (signing != parts.Settings.Address)
        {
            throw new TenantStoppedException(
                $"Tenant {parts.Name} is {parts.Settings.Address}, but its signer signs for {signing}. Check the channel key.");
        }

        var (node, lastMicros, from) = await Replay.RunAsync(parts, cancellationToken);
        parts.Calls?.Resume(node);
        var tenant = new Tenant(parts, node, lastMicros, from);
        await tenant.epochs.StartAsync(cancellationToken);
        return tenant;
    }

    /// <summary>Works until cancelled or broken; then <see cref="State"/> and <see cref="Failure"/> tell which. Does not throw. Once only.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (state != TenantState.Ready)
        {
            throw new InvalidOperationException("A tenant runs once: open it again.");
        }

        state = TenantState.Running;
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = together.Token;
        Task[] work =
        [
            Task.Run(() => TurnAsync(token), CancellationToken.None),
            Task.Run(() => signs.SubmitAsync(token), CancellationToken.None),
            Task.Run(() => signs.AnswerAsync(token), CancellationToken.None),
            Task.Run(() => chain.RunAsync(token), CancellationToken.None),
            Task.Run(() => new ChainWatch(parts.Chain, parts.Time, parts.Logger).RunAsync(token), CancellationToken.None),
            Task.Run(() => parts.Chain.RunAsync(new ChainSink(mailbox, parts.Logger), token), CancellationToken.None),
            Task.Run(() => parts.Link.RunAsync(Sink(), token), CancellationToken.None),
            peers.Failed,
        ];

        // Whichever ends first takes the others with it: half a node must not go on.
        var first = await Task.WhenAny(work);
        var failure = await CauseAsync(first, cancellationToken);
        End(failure);
        await together.CancelAsync();
        await peers.DisposeAsync();
        await Task.WhenAll(work[..^1]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Disposes of the parts. Cancel <see cref="RunAsync"/> and await it first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }

        End(null);
        await peers.DisposeAsync();
        await snapshots.DisposeAsync();
        await witness.EndAsync(turn.Node);
        witness.Dispose();
        await parts.Link.DisposeAsync();
        await parts.Chain.DisposeAsync();
        await parts.Signer.DisposeAsync();
        await parts.Journal.DisposeAsync();
        parts.Calls?.Dispose();
    }

    private static async Task<Exception?> CauseAsync(Task first, CancellationToken cancellationToken)
    {
        try
        {
            await first;
            return cancellationToken.IsCancellationRequested ? null : new TenantStoppedException("A part of the node ended by itself.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private NodeHandle Published() => turn.Node;

    private void Report(NodeEvent outcome) => mailbox.Post(new Mail(outcome));

    private PeerSink Sink() => new(Published, mailbox, peers, parts.Limits.FramesPerPeer, counters, parts.Logger);

    /// <summary>The one writer.</summary>
    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        foreach (var effect in NitroCore.Resume(turn.Node))
        {
            dispatcher.Start(effect);
        }

        var batch = new List<Mail>();
        await using var timer = parts.Time.CreateTimer(_ => mailbox.Nudge(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var isTickLate = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var due = NitroCore.NextWake(turn.Node);
            timer.Change(Wait(due, isTickLate), Timeout.InfiniteTimeSpan);
            await mailbox.WaitAsync(cancellationToken);
            mailbox.Take(batch, parts.Limits.Turn);
            isTickLate = due != long.MaxValue && clock.Until(due) == TimeSpan.Zero;
            if (isTickLate)
            {
                batch.Add(new Mail(NitroCore.Ticked()));
            }

            try
            {
                await turn.RunAsync(batch);
            }
            catch (Exception e)
            {
                // Who waited for this batch hears it; what was released already has its answer.
                var reason = Reason(e);
                batch.ForEach(mail => mail.Fail(reason));
                throw;
            }

            batch.Clear();
            await epochs.ContinueAsync();
            snapshots.Consider(turn.Node);
            witness.Consider(turn.Node);
        }
    }

    /// <summary>Never at once after a tick, or a core that asks for the past would keep the processor busy.</summary>
    private TimeSpan Wait(long due, bool justTicked)
    {
        if (due == long.MaxValue)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var wait = clock.Until(due);
        return justTicked && wait < ShortestTick ? ShortestTick : wait;
    }

    private TenantStoppedException Reason(Exception? failure) => failure switch
    {
        null => new TenantStoppedException($"tenant {Name} was stopped"),
        TenantStoppedException known => known,
        BrokenException bug => new TenantStoppedException($"tenant {Name} contradicts itself ({bug.Message}): a bug, report it with the log", bug),
        _ => new TenantStoppedException(failure.Message, failure),
    };

    private void End(Exception? failure)
    {
        if (state is TenantState.Broken or TenantState.Stopped)
        {
            return;
        }

        Failure = failure;
        state = failure is null ? TenantState.Stopped : TenantState.Broken;
        var reason = Reason(failure);
        if (failure is null)
        {
            parts.Logger.LogInformation("Tenant {Tenant} stopped at journal position {Position}", Name, turn.Node.Position);
        }
        else
        {
            // A stack says something to a developer only: what the operator can mend is told in words.
            var bug = failure is TenantStoppedException or JournalException or EthereumSetupException or MarksException ? null : failure;
            parts.Logger.LogCritical(bug, "Tenant {Tenant} STOPPED: {Reason}", Name, reason.Message);
        }

        mailbox.Close(reason);
        calls.Close(reason);
        hub.Close();
    }
}
