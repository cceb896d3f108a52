using System.Collections.Concurrent;
using System.Text.Json;
using Nitro.Host.Link;
using Nitro.Ports;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>
/// An in-process network on which every signature is noted that a tenant sends as its own. Signatures are deterministic, so two
/// different ones for one (channel, turn) are two payloads signed for it. Survives the node, so it sees across restarts.
/// </summary>
internal sealed class LinkTap : IPeerLinkFactory
{
    private readonly ConcurrentDictionary<(string Signer, string Channel, string Turn), ConcurrentDictionary<string, string>> _signed = new();
    private InProcessNetwork _network = new();

    /// <summary>How many (signer, channel, turn) were signed for.</summary>
    public int Turns => _signed.Count;

    /// <summary>Every (signer, channel, turn) with more than one signature.</summary>
    public IReadOnlyList<string> SignedTwice =>
        [.. _signed.Where(entry => entry.Value.Count > 1).Select(entry => $"{entry.Key}: {string.Join(" | ", entry.Value.Values)}")];

    /// <summary>A network for the next node: the old one's tenants are gone.</summary>
    public void Renew() => _network = new InProcessNetwork();

    public ValueTask<IPeerLink> OpenAsync(
        string tenant, ReadOnlyMemory<byte> address, INetworkKeys keys, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IPeerLink>(new Tapped(_network.LinkOf(address), "0x" + Convert.ToHexStringLower(address.Span), this));

    private void Note(string signer, ReadOnlyMemory<byte> frame)
    {
        var message = Lab.Parse(frame);
        foreach (var payload in Items(message, "ObjectivePayloads").Where(payload => payload.GetProperty("Type").GetString() == "SignedStatePayload"))
        {
            NoteState(signer, Lab.Parse(payload.GetProperty("PayloadData").GetBytesFromBase64()));
        }

        foreach (var proposal in Items(message, "LedgerProposals"))
        {
            var what = proposal.GetProperty("Proposal");
            Note(signer, what.GetProperty("LedgerID").GetRawText(), proposal.GetProperty("TurnNum").GetRawText(), proposal.GetProperty("Signature").GetRawText(), what);
        }
    }

    private void NoteState(string signer, JsonElement signed)
    {
        var state = signed.GetProperty("State");
        var participants = state.GetProperty("Participants").EnumerateArray().Select(one => one.GetString()!.ToLowerInvariant()).ToArray();
        var own = Array.IndexOf(participants, signer).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (signed.GetProperty("Sigs").TryGetProperty(own, out var signature))
        {
            var channel = $"{string.Join(',', participants)}/{state.GetProperty("ChannelNonce").GetRawText()}";
            Note(signer, channel, state.GetProperty("TurnNum").GetRawText(), signature.GetRawText(), state);
        }
    }

    private void Note(string signer, string channel, string turn, string signature, JsonElement payload) =>
        _signed.GetOrAdd((signer, channel, turn), _ => new ConcurrentDictionary<string, string>()).TryAdd(signature, payload.GetRawText());

    private static IEnumerable<JsonElement> Items(JsonElement message, string name) =>
        message.GetProperty(name) is { ValueKind: JsonValueKind.Array } items ? items.EnumerateArray() : [];

    private sealed class Tapped(IPeerLink inner, string address, LinkTap tap) : IPeerLink
    {
        public ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
        {
            tap.Note(address, frame);
            return inner.SendAsync(peer, frame, cancellationToken);
        }

        public Task RunAsync(IPeerSink sink, CancellationToken cancellationToken) => inner.RunAsync(sink, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
