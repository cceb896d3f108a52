using Nitro.Host.Options;
using Nitro.Signing.Calls;

namespace Nitro.Host;

/// <summary>Lets a device's signed calls count at a tenant, whether the node runs meanwhile or not.</summary>
public static class DeviceEnrolment
{
    /// <summary>Puts the device on the tenant's list; that file's path.</summary>
    /// <param name="options">The node's settings.</param>
    /// <param name="tenant">Which tenant; null where there is one.</param>
    /// <param name="name">Of the device, for people.</param>
    /// <param name="publicKey">130 hexadecimal digits.</param>
    /// <exception cref="NodeOptionsException">There is no such tenant.</exception>
    /// <exception cref="Nitro.Storage.StorageException">That is no key, or the list cannot be used.</exception>
    public static string Enrol(NodeOptions options, string? tenant, string name, string publicKey)
    {
        var plan = SignerPairing.Find(NodePlan.From(options).Tenants, tenant);
        DeviceList.Enrol(plan.DevicesPath, name, publicKey);
        return plan.DevicesPath;
    }
}
