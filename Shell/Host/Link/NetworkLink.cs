using Microsoft.Extensions.Logging;
using Nitro.Host.Options;
using Nitro.Libp2p;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Link;
using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>
/// A tenant's peers over TCP. Its ports are taken when it is opened; who it is may be proven later, where the channel key is at a
/// signer that is away, and until then nobody is reached.
/// </summary>
internal sealed class NetworkLink : IPeerLink
{
    private static readonly TimeSpan RefusalPause = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource stopping = new();
    private readonly TenantPlan plan;
    private readonly INetworkKeys keys;
    private readonly IReadOnlyList<BoundSocket> sockets;
    private readonly ILogger logger;
    private readonly TimeProvider time;
    private readonly Task<NetworkPresence> meeting;
    private int isDisposed;

    private NetworkLink(TenantPlan plan, INetworkKeys keys, IReadOnlyList<BoundSocket> sockets, ILogger logger, TimeProvider time)
    {
        (this.plan, this.keys, this.sockets, this.logger, this.time) = (plan, keys, sockets, logger, time);
        meeting = MeetAsync();
    }

    /// <inheritdoc/>
    public LinkHealth Health => meeting.IsCompletedSuccessfully ? meeting.Result.Link.Health : LinkHealth.None;

    /// <summary>Takes the ports, and listens where the keys answer at once.</summary>
    /// <exception cref="IOException">A port cannot be had; the message names the setting.</exception>
    internal static async Task<NetworkLink> OpenAsync(
        TenantPlan plan, INetworkKeys keys, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var link = new NetworkLink(plan, keys, Bind(plan), logger, time);
        if (link.meeting.IsFaulted)
        {
            await link.DisposeAsync();
            await link.meeting;
        }

        return link;
    }

    /// <inheritdoc/>
    public ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        meeting.IsCompletedSuccessfully ? meeting.Result.Link.SendAsync(peer, frame, cancellationToken) : new(PeerAnswer.Unreachable);

    /// <inheritdoc/>
    public async Task RunAsync(IPeerSink sink, CancellationToken cancellationToken)
    {
        var presence = await meeting.WaitAsync(cancellationToken);
        foreach (var address in presence.Link.Health.Addresses)
        {
            logger.LogInformation("Tenant {Tenant} is reached by its peers at {Address}", plan.Name, address);
        }

        if (plan.Network.Listen.Count == 0)
        {
            logger.LogInformation("Tenant {Tenant} listens for no peers, and dials those it knows, as {Peer}", plan.Name, presence.Peer);
        }

        await presence.Link.RunAsync(sink, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }

        await stopping.CancelAsync();
        await ((Task)meeting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (meeting.IsCompletedSuccessfully)
        {
            await meeting.Result.DisposeAsync();
        }

        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        stopping.Dispose();
    }

    private static List<BoundSocket> Bind(TenantPlan plan)
    {
        var bound = new List<BoundSocket>();
        try
        {
            foreach (var place in plan.Network.Listen)
            {
                bound.Add(BoundSocket.Bind(place));
            }

            return bound;
        }
        catch (Libp2pException e)
        {
            bound.ForEach(socket => socket.Dispose());
            throw Occupied(e);
        }
    }

    private static IOException Occupied(Libp2pException e) => new($"peers cannot connect (network.listen): {e.Message}", e);

    private async Task<NetworkPresence> MeetAsync()
    {
        var presence = new NetworkPresence(plan, await IdentifyAsync(), logger, time);
        try
        {
            foreach (var socket in sockets)
            {
                presence.Listen(socket);
            }

            return presence;
        }
        catch (Libp2pException e)
        {
            await presence.DisposeAsync();
            throw Occupied(e);
        }
    }

    private async Task<NetworkIdentity> IdentifyAsync()
    {
        while (true)
        {
            try
            {
                return await NetworkIdentity.CreateAsync(keys, stopping.Token);
            }
            catch (InvalidOperationException e)
            {
                logger.LogWarning("Tenant {Tenant} cannot prove on the network who it is: {Reason}. It is tried again every minute", plan.Name, e.Message);
            }

            await Task.Delay(RefusalPause, time, stopping.Token);
        }
    }
}
