using Nitro.Ports;

namespace Nitro.Host;

/// <summary>A tenant's API, also where it still waits for its first signer.</summary>
/// <param name="Name">The tenant's.</param>
/// <param name="Api">Answers at any time; before the tenant is open with the reason why not.</param>
public sealed record TenantPort(string Name, INodePort Api);
