using Microsoft.Extensions.Logging;
using Nitro.Host.Api;
using Nitro.Host.Options;
using Nitro.Ports;
using Nitro.SignerApi;
using Nitro.SignerProtocol;

namespace Nitro.Host;

/// <summary>A tenant's place in the process: where its keys are elsewhere, it may stand empty until the first signer attaches.</summary>
internal sealed class TenantSeat(TenantPlan plan, TenantBuilder builder, ISet<string> accounts, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly SwitchPort port = new();
    private readonly ILogger logger = loggers.CreateLogger($"Nitro.Tenant.{plan.Name}");
    private SignerApiServer? api;
    private PairedDoor? door;

    public TenantPlan Plan => plan;

    public INodePort Port => port;

    /// <summary>Null until it is open.</summary>
    public Tenant? Tenant { get; private set; }

    /// <summary>Why it could not be opened once its signer was there.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Opens the tenant, or only the door for its signer, where nobody knows yet who that is.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (plan.Signer.Remote is not { } remote)
        {
            Seat(await builder.OpenAsync(plan, accounts, cancellationToken));
            return;
        }

        var known = KnownSigner.Load(plan.KnownSignerPath);
        door = remote.IsPrivate
            ? null
            : new PairedDoor(TransportKey.LoadOrCreate(plan.TransportKeyPath), PairedSigners.Load(plan.PairedSignersPath, plan.PairingPath));
        api = await SignerApiServer.StartAsync(
            new SignerApiOptions { Endpoint = remote.Endpoint(plan.Folder, door), ServesHsm = remote.IsPrivate, Known = known, Door = door },
            TenantBuilder.Recover,
            loggers,
            cancellationToken);
        logger.LogInformation(
            "Tenant {Tenant} is waiting for signer at {Address}: {How}",
            plan.Name,
            api.Address,
            remote.IsPrivate
                ? $"start 'nitro signer --node {api.Address}'"
                : "start 'nitro signer', paired once with 'nitro pair' here and 'nitro signer --pair CODE' there");
        if (known is not null)
        {
            Seat(await builder.OpenAsync(plan, accounts, api, known, cancellationToken));
        }
    }

    /// <summary>Works until cancelled, broken, or not to be opened.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Tenant is null && !await TryMeetAsync(cancellationToken))
        {
            return;
        }

        await Tenant!.RunAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Tenant is not null)
        {
            await Tenant.DisposeAsync();
        }

        if (api is not null)
        {
            await api.DisposeAsync();
        }

        door?.Key.Dispose();
    }

    private async Task<bool> TryMeetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await api!.MetAsync(cancellationToken);
            KnownSigner.Store(plan.KnownSignerPath, addresses);
            Seat(await builder.OpenAsync(plan, accounts, api, addresses, cancellationToken));
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            Failure = e;
            logger.LogCritical("Tenant {Tenant} cannot start: {Reason}", plan.Name, e.Message);
            return false;
        }
    }

    private void Seat(Tenant tenant)
    {
        Tenant = tenant;
        port.Open(tenant.Port);
    }
}
