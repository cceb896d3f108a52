using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Nitro.EventStore.Connection;

namespace Nitro.Host.Options;

/// <summary>What settings must satisfy. Each complaint names the key, what is wrong and what fits.</summary>
internal static partial class NodeRules
{
    internal static readonly IReadOnlyList<string> Levels = ["trace", "debug", "info", "warn", "error", "off"];

    private static readonly BigInteger MostAmount = (BigInteger.One << 256) - 1;

    internal static IReadOnlyList<string> Check(NodeOptions options)
    {
        var complaints = new List<string>();
        Chain(options.Chain, complaints);
        Contracts(options.Contracts, complaints);
        Journal(options.Journal, complaints);
        Replica(options, complaints);
        Unless(options.DataDirectory.Trim() != "", "dataDirectory is empty: name a folder.", complaints);
        Unless(options.DefaultChallengeDuration > 0, "defaultChallengeDuration is 0: give seconds, such as 86400.", complaints);
        Unless(options.OpeningSeconds > 0, "openingSeconds is 0: give seconds, such as 600.", complaints);
        Unless(
            Levels.Contains(options.Log.Level),
            $"log.level is '{options.Log.Level}': it must be one of {string.Join(", ", Levels)}.",
            complaints);
        Signer("", options.Signer, complaints);
        Unless(
            options.Signer.Remote is not { Listen.Length: > 0 } || options.Tenants.Values.Count(tenant => tenant.Signer is null) <= 1,
            "signer.remote.listen would be shared by several tenants: give each a signer.remote.listen of its own, or none for the default.",
            complaints);
        Section("", options.Rpc, options.Policy, complaints);
        NetworkRules.Check("", options.Network, options.Peers, complaints);
        foreach (var (name, tenant) in options.Tenants)
        {
            Unless(
                TenantName().IsMatch(name),
                $"tenants.{name}: a tenant's name takes 1-64 of a-z, 0-9, '-' and '_', and starts with a letter or digit.",
                complaints);
            Signer($"tenants.{name}.", tenant.Signer, complaints);
            Section($"tenants.{name}.", tenant.Rpc, tenant.Policy, complaints);
            NetworkRules.Check($"tenants.{name}.", tenant.Network, tenant.Peers, complaints);
        }

        Sharing(options, complaints);
        return complaints;
    }

    private static void Journal(string journal, List<string> complaints)
    {
        try
        {
            if (journal is not ("sqlite" or "memory"))
            {
                EventStoreSettings.Parse(journal);
            }
        }
        catch (FormatException e)
        {
            // What is no connection string may have been meant as one, with its password: it is not repeated.
            complaints.Add($"journal must be sqlite, memory or a connection string of EventStoreDB. {e.Message}");
        }
    }

    private static void Replica(NodeOptions options, List<string> complaints)
    {
        Unless(
            options.JournalReplica == "" || options.Journal != "memory",
            "journalReplica is set, and journal is memory: what is forgotten at each end has no replica. Take one of them out.",
            complaints);
        if (options.JournalReplica == "" || JournalPlaces.FolderOf(options.JournalReplica) is not null)
        {
            return;
        }

        try
        {
            EventStoreSettings.Parse(options.JournalReplica);
            Unless(options.JournalReplica != options.Journal, "journalReplica is the journal itself: name another store.", complaints);
        }
        catch (FormatException e)
        {
            complaints.Add($"journalReplica must be sqlite:FOLDER or a connection string of EventStoreDB. {e.Message}");
        }
    }

    private static void Signer(string prefix, SignerSettings? signer, List<string> complaints)
    {
        if (signer?.Remote is { } remote && remote.Problem() is { } problem)
        {
            complaints.Add($"{prefix}signer.remote.listen is '{remote.Listen}': {problem}.");
        }
    }

    internal static bool IsAddress(string text) => Address().IsMatch(text);

    private static void Chain(ChainSettings chain, List<string> complaints)
    {
        Unless(
            Uri.TryCreate(chain.Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" or "ws" or "wss",
            $"chain.url is '{chain.Url}': it must be a URL of scheme ws, wss, http or https.",
            complaints);
        Unless(chain.StartBlock >= 0, $"chain.startBlock is {chain.StartBlock}: it must be 0 or more.", complaints);
        Unless(chain.Confirmations is >= 0 and <= 256, $"chain.confirmations is {chain.Confirmations}: it must be 0 to 256.", complaints);
    }

    private static void Contracts(ContractSettings contracts, List<string> complaints)
    {
        AddressOf("contracts.adjudicator", contracts.Adjudicator, complaints);
        AddressOf("contracts.consensusApp", contracts.ConsensusApp, complaints);
        AddressOf("contracts.virtualPaymentApp", contracts.VirtualPaymentApp, complaints);
        Unless(
            contracts.ConsensusApp == "" || !contracts.VirtualPaymentApp.Equals(contracts.ConsensusApp, StringComparison.OrdinalIgnoreCase),
            $"contracts.virtualPaymentApp is {contracts.VirtualPaymentApp}, the same as contracts.consensusApp: they are two contracts.",
            complaints);
    }

    private static void Section(string at, RpcSettings? rpc, PolicySettings? policy, List<string> complaints)
    {
        if (rpc is not null)
        {
            Unless(NodePlan.TryListen(rpc.Listen, out _), $"{at}rpc.listen is '{rpc.Listen}': give address and port, such as 127.0.0.1:4005.", complaints);
            Unless(rpc.Compat is null or "" or "go-nitro", $"{at}rpc.compat is '{rpc.Compat}': it must be empty or go-nitro.", complaints);
            Unless(
                string.IsNullOrEmpty(rpc.CertificateFile) == string.IsNullOrEmpty(rpc.KeyFile),
                $"{at}rpc.certificateFile and {at}rpc.keyFile belong together: give both or neither.",
                complaints);
        }

        if (policy is not null)
        {
            Unless(policy.Mode is null or "automatic" or "manual", $"{at}policy.mode is '{policy.Mode}': it must be automatic or manual.", complaints);
            (policy.AllowPeers ?? []).ForEach(peer => AddressOf($"{at}policy.allowPeers", peer, complaints));
            (policy.DenyPeers ?? []).ForEach(peer => AddressOf($"{at}policy.denyPeers", peer, complaints));
            Amounts($"{at}policy.largestAmount", policy.LargestAmount, complaints);
            Amounts($"{at}policy.maxUnenforceable", policy.MaxUnenforceable, complaints);
            Amounts($"{at}policy.maxLocked", policy.MaxLocked, complaints);
        }
    }

    private static void Sharing(NodeOptions options, List<string> complaints)
    {
        if (options.Tenants.Count < 2)
        {
            return;
        }

        Unless(
            string.IsNullOrEmpty(options.Keys.ChannelKeyFile) && string.IsNullOrEmpty(options.Keys.ChainKeyFile),
            "keys.channelKeyFile and keys.chainKeyFile would be shared by all tenants: set them under tenants.<name>.keys, or leave them out.",
            complaints);
        NetworkRules.Sharing(options, complaints);
        var folders = options.Tenants
            .GroupBy(tenant => Path.GetFullPath(tenant.Value.DataDirectory ?? Path.Combine(options.DataDirectory, tenant.Key)))
            .Where(group => group.Count() > 1);
        foreach (var shared in folders)
        {
            complaints.Add($"Tenants {string.Join(" and ", shared.Select(tenant => tenant.Key))} share the folder {shared.Key}: give each its own dataDirectory.");
        }
    }

    internal static void AddressOf(string key, string text, List<string> complaints) => Unless(
        IsAddress(text),
        text == "" ? $"{key} is missing: give an address, 0x and 40 hexadecimal digits." : $"{key} is '{text}': an address is 0x and 40 hexadecimal digits.",
        complaints);

    private static void Amounts(string key, IReadOnlyDictionary<string, string>? amounts, List<string> complaints)
    {
        foreach (var (asset, amount) in amounts ?? new Dictionary<string, string>())
        {
            Unless(asset == "*" || IsAddress(asset), $"{key} names '{asset}': an asset is an address, or * for every other.", complaints);
            Unless(
                BigInteger.TryParse(amount, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= MostAmount,
                $"{key}.{asset} is '{amount}': it must be a whole number of the asset's smallest unit.",
                complaints);
        }
    }

    internal static void Unless(bool isFine, string complaint, List<string> complaints)
    {
        if (!isFine)
        {
            complaints.Add(complaint);
        }
    }

    [GeneratedRegex("^0x[0-9a-fA-F]{40}\\z")]
    private static partial Regex Address();

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,63}\\z")]
    private static partial Regex TenantName();
}
