using System.Net;

namespace Nitro.Host.Options;

/// <summary>The settings of a process, checked and resolved for each tenant.</summary>
internal sealed record NodePlan(NodeOptions Options, IReadOnlyList<TenantPlan> Tenants)
{
    /// <exception cref="NodeOptionsException">Something is wrong; the message lists all of it.</exception>
    public static NodePlan From(NodeOptions options)
    {
        var complaints = NodeRules.Check(options);
        if (complaints.Count > 0)
        {
            throw new NodeOptionsException("The configuration cannot be used:" + string.Concat(complaints.Select(line => $"\n  {line}")));
        }

        return new NodePlan(options, [.. Named(options).Select(tenant => Resolve(options, tenant.Key, tenant.Value))]);
    }

    internal static IReadOnlyDictionary<string, TenantOptions> Named(NodeOptions options) => options.Tenants.Count > 0
        ? options.Tenants
        : new Dictionary<string, TenantOptions> { [NodeOptions.DefaultTenant] = new() };

    /// <summary>Null for no API.</summary>
    internal static bool TryListen(string? text, out IPEndPoint? listen)
    {
        listen = null;
        return text == "" || (IPEndPoint.TryParse(text ?? "127.0.0.1:4005", out listen) && (text is null || text.Contains(':')));
    }

    private static TenantPlan Resolve(NodeOptions options, string name, TenantOptions own)
    {
        var folder = Path.GetFullPath(own.DataDirectory ?? Path.Combine(options.DataDirectory, name));
        var keys = (own.Keys ?? new KeySettings()).Over(options.Keys);
        var rpc = (own.Rpc ?? new RpcSettings()).Over(options.Rpc);
        TryListen(rpc.Listen, out var listen);
        return new TenantPlan
        {
            Name = name,
            Folder = folder,
            ChannelKeyFile = Given(keys.ChannelKeyFile) ?? Path.Combine(folder, "channel.key"),
            ChainKeyFile = Given(keys.ChainKeyFile) ?? Path.Combine(folder, "chain.key"),
            Signer = own.Signer ?? options.Signer,
            Listen = listen,
            Rpc = rpc,
            Network = NetworkPlan.From((own.Network ?? new NetworkSettings()).Over(options.Network), Named(options).Count == 1),
            Policy = (own.Policy ?? new PolicySettings()).Over(options.Policy),
            Peers = own.Peers ?? options.Peers,
        };
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
