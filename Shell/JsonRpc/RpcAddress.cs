namespace Nitro.JsonRpc;

/// <summary>Where a tenant answers: <c>http(s)://host:port/…/api/v1</c>; notifications: the same plus <c>/subscribe</c>.</summary>
public sealed record RpcAddress(string Tenant, Uri Api);
