using System.Buffers;
using System.Text.Json;

namespace Nitro.Host.Options;

/// <summary>Writes a tenant's settings in the form that the core reads.</summary>
internal static class SettingsJson
{
    internal static ReadOnlyMemory<byte> Write(NodeOptions options, TenantPlan tenant, string address)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("address", address);
            json.WriteString("consensusApp", options.Contracts.ConsensusApp);
            json.WriteString("virtualPaymentApp", options.Contracts.VirtualPaymentApp);
            json.WriteString("adjudicator", options.Contracts.Adjudicator);
            json.WriteNumber("chainId", options.Chain.ChainId);
            json.WriteNumber("confirmations", options.Chain.Confirmations);
            json.WriteNumber("defaultChallengeDuration", options.DefaultChallengeDuration);
            json.WriteNumber("openingSeconds", options.OpeningSeconds);
            Texts(json, "goNitroPeers", tenant.Peers.Where(peer => peer.Value.Dialect == PeerSettings.GoNitro).Select(peer => peer.Key));
            json.WriteStartObject("policy");
            Policy(json, tenant.Policy);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.WrittenMemory;
    }

    private static void Policy(Utf8JsonWriter json, PolicySettings policy)
    {
        json.WriteString("mode", policy.Mode ?? "automatic");
        Texts(json, "allowPeers", policy.AllowPeers ?? []);
        Texts(json, "denyPeers", policy.DenyPeers ?? []);
        if (policy.MinChallengeDuration is { } duration)
        {
            json.WriteNumber("minChallengeDuration", duration);
        }

        Amounts(json, "largestAmount", policy.LargestAmount);
        Amounts(json, "maxUnenforceable", policy.MaxUnenforceable);
        Amounts(json, "maxLocked", policy.MaxLocked);
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void Amounts(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string>? amounts)
    {
        json.WriteStartObject(name);
        foreach (var (asset, amount) in amounts ?? new Dictionary<string, string>())
        {
            json.WriteString(asset, amount);
        }

        json.WriteEndObject();
    }
}
