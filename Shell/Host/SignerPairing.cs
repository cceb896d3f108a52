using System.Net;
using Nitro.Host.Options;
using Nitro.SignerApi;
using Nitro.SignerProtocol;

namespace Nitro.Host;

/// <summary>Opens the pairing of one signer with a tenant that waits for its signers over TCP. The node may run meanwhile, or not yet.</summary>
public static class SignerPairing
{
    /// <summary>Opens a pairing, in place of an earlier one that was not used.</summary>
    /// <param name="options">The node's settings.</param>
    /// <param name="tenant">Which tenant; null where there is one.</param>
    /// <param name="host">How the signer reaches this machine; null: the address that the tenant listens on.</param>
    /// <param name="lifetime">Until when it is good.</param>
    /// <exception cref="NodeOptionsException">There is no such tenant, or it has no TCP address for signers; the message says what to do.</exception>
    /// <exception cref="Nitro.Storage.StorageException">The tenant's folder cannot be written to.</exception>
    public static PairingCode Open(NodeOptions options, string? tenant, string? host, TimeSpan lifetime)
    {
        var plan = Find(NodePlan.From(options).Tenants, tenant);
        if (plan.Signer.Remote is not { IsPrivate: false } remote || !IPEndPoint.TryParse(remote.Listen, out var address))
        {
            throw new NodeOptionsException(
                $"Tenant {plan.Name} does not wait for its signers over TCP, so there is nothing to pair: over a Unix socket the file's rights say "
                + "who may attach. Else set signer.remote.listen to an address and port, such as 0.0.0.0:4006.");
        }

        if (host is null && address.Address.Equals(IPAddress.Any))
        {
            throw new NodeOptionsException($"Tenant {plan.Name} listens on all addresses ({remote.Listen}): say with --host by which of them the signer reaches it.");
        }

        using var key = TransportKey.LoadOrCreate(plan.TransportKeyPath);
        var token = PairingTicket.Issue(plan.PairingPath, lifetime);
        return new PairingCode(new Uri($"https://{host ?? address.Address.ToString()}:{address.Port}"), key.Fingerprint, token);
    }

    /// <summary>The tenant of that name; where there is one, its name need not be said.</summary>
    /// <exception cref="NodeOptionsException">There is none, or it is not clear which.</exception>
    internal static TenantPlan Find(IReadOnlyList<TenantPlan> tenants, string? name)
    {
        var names = string.Join(", ", tenants.Select(tenant => tenant.Name));
        return (name, tenants.Count) switch
        {
            (null, 1) => tenants[0],
            (null, _) => throw new NodeOptionsException($"There are several tenants ({names}): say with --tenant which of them."),
            _ => tenants.FirstOrDefault(tenant => tenant.Name == name) ?? throw new NodeOptionsException($"There is no tenant '{name}'; there are {names}."),
        };
    }
}
