using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// One node behind the API. With an <paramref name="Endpoint"/> of its own it is served there as <c>/api/v1</c>; without, on
/// <see cref="RpcOptions.Endpoint"/>: as <c>/t/&lt;name&gt;/api/v1</c>, and as <c>/api/v1</c> too while it is alone there.
/// Name: 1-64 of a-z, 0-9, '-', '_', starting with a letter or digit.
/// </summary>
public sealed record RpcTenant(string Name, INodePort Node, Tokens Tokens, RpcEndpoint? Endpoint = null);
