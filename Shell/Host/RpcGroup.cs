using Nitro.Host.Options;
using Nitro.JsonRpc;

namespace Nitro.Host;

/// <summary>Turns plans into API servers: one for all tenants whose API is served under the same rules.</summary>
internal static class RpcGroup
{
    private const string GoNitro = "go-nitro";

    /// <summary>The servers to start. Tenants without an API are in none.</summary>
    /// <exception cref="NodeOptionsException">Two tenants want one endpoint under different rules.</exception>
    /// <exception cref="RpcSetupException">A token key cannot be used.</exception>
    internal static IReadOnlyList<(RpcOptions Options, IReadOnlyList<RpcTenant> Tenants)> Of(IEnumerable<TenantSeat> tenants)
    {
        var groups = tenants.Where(tenant => tenant.Plan.Listen is not null).GroupBy(tenant => Rules(tenant.Plan.Rpc)).ToList();
        var contested = groups
            .SelectMany(group => group.Select(tenant => tenant.Plan.Listen!).Where(listen => listen.Port != 0).Distinct())
            .GroupBy(listen => listen)
            .FirstOrDefault(listeners => listeners.Count() > 1);
        return contested is null
            ? [.. groups.Select(group => (OptionsOf(group.First().Plan.Rpc), (IReadOnlyList<RpcTenant>)[.. group.Select(Serve)]))]
            : throw new NodeOptionsException(
                $"Tenants share {contested.Key} but differ in rpc.origins, rpc.hosts or rpc.compat: give them endpoints of their own, or the same rules.");
    }

    private static string Rules(RpcSettings rpc) =>
        string.Join('\n', [rpc.Compat ?? "", .. rpc.Origins ?? [], "", .. rpc.Hosts ?? []]);

    private static RpcOptions OptionsOf(RpcSettings rpc) => new()
    {
        GoNitro = rpc.Compat == GoNitro,
        Origins = rpc.Origins ?? [],
        Hosts = rpc.Hosts ?? [],
    };

    private static RpcTenant Serve(TenantSeat tenant)
    {
        var rpc = tenant.Plan.Rpc;
        var tokens = rpc.Compat == GoNitro ? Tokens.GoNitro() : Tokens.FromKeyFile(tenant.Plan.TokenKeyPath);
        var listen = tenant.Plan.Listen!;
        return new RpcTenant(
            tenant.Plan.Name,
            tenant.Port,
            tokens,
            new RpcEndpoint(listen.Address, listen.Port, Given(rpc.CertificateFile), Given(rpc.KeyFile)));
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
