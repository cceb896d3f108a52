using System.Text;
using System.Text.Json;
using Nitro.Secp256k1;
using Nitro.Signing;

namespace Nitro.Boundary.Tests;

/// <summary>The smallest host there can be: a node, its signer and a list of what it wants done, through the public surface alone.</summary>
internal sealed class LittleHost
{
    private const string NoAddress = "0x0000000000000000000000000000000000000000";

    private readonly SignerPowers powers = new(Recover, (_, _, _) => false);
    private SignerMemory memory;
    private readonly byte[] key = new byte[32];
    private readonly byte[] address = new byte[20];
    private readonly NodeSettings settings;

    public LittleHost(byte number)
    {
        key[31] = number;
        _ = Curve.Default.TryGetAddress(key, address);
        var json = $$"""
            {"address":"{{Hex(address)}}","consensusApp":"0x{{"",38}}c1","virtualPaymentApp":"0x{{"",38}}c2",
             "adjudicator":"0x{{"",38}}c3","policy":{"minChallengeDuration":0} }
            """.Replace(new string(' ', 38), new string('0', 38), StringComparison.Ordinal);
        settings = NitroCore.TryConfigure(Encoding.UTF8.GetBytes(json), Recover, out var found, out var error)
            ? found!
            : throw new InvalidOperationException(error);
        Node = NitroCore.Create(settings);
        memory = SignerCore.TryLoad(SignerPolicy.Open, address, [], out var empty, out var cause)
            ? empty
            : throw new InvalidOperationException(cause);
    }

    public ReadOnlyMemory<byte> Address => address;

    public NodeHandle Node { get; private set; }

    public List<(long At, CoreRecord Record)> Journal { get; } = [];

    /// <summary>Everything the node ever wanted done.</summary>
    public List<SeenEffect> Seen { get; } = [];

    public long Now { get; set; } = 1_700_000_000_000_000;

    /// <summary>One turn, and those that the signer's answers lead to.</summary>
    public StepResult Feed(NodeEvent happening)
    {
        var step = NitroCore.Step(Node, Now, happening);
        Node = step.Node;
        Journal.AddRange(step.Records.Select(record => (Now, record)));
        foreach (var effect in step.Effects)
        {
            var seen = effect.Dispatch(new SeeingHandler());
            Seen.Add(seen);
            if (seen.Body is SignEffect wanted)
            {
                Feed(NitroCore.SignerReplied(Node, [Sign(wanted)], isTrusted: false));
            }
        }

        return step;
    }

    public StepResult Ask(string method, string payload, string requestId) =>
        NitroCore.TryCommand(Node, method, Encoding.UTF8.GetBytes(payload), 7, requestId, out var happening, out var problem)
            ? Feed(happening!)
            : throw new InvalidOperationException(problem!.Next);

    public StepResult Receive(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> frame) =>
        NitroCore.TryReceive(Node, from, frame, out var happening, out var code, out var detail)
            ? Feed(happening!)
            : throw new InvalidOperationException($"{code}: {detail}");

    /// <summary>Opens a ledger of one asset with a counterparty, five each.</summary>
    public StepResult OpenLedger(LittleHost counterparty)
    {
        var outcome = JsonSerializer.Serialize(new[]
        {
            new
            {
                Asset = NoAddress,
                AssetMetadata = new { AssetType = 0, Metadata = (string?)null },
                Allocations = new[] { Line(this), Line(counterparty) },
            },
        });
        var payload = $$"""{"CounterParty":"{{Hex(counterparty.Address.Span)}}","ChallengeDuration":100,"Outcome":{{outcome}}}""";
        return Ask("create_ledger_channel", payload, "open-the-ledger-1");
    }

    /// <summary>The node that the journal alone gives.</summary>
    public NodeHandle Replayed()
    {
        var replay = NitroCore.Replay(settings, 0);
        foreach (var (at, record) in Journal)
        {
            if (!NitroCore.TryReadFact(record.Type, record.Version, record.Body, out var fact, out var error))
            {
                throw new InvalidOperationException(error);
            }

            replay.Fold(at, fact);
        }

        return replay.Finish();
    }

    private static object Line(LittleHost who) =>
        new { Destination = "0x" + new string('0', 24) + Hex(who.Address.Span)[2..], Amount = 5, AllocationType = 0, Metadata = (string?)null };

    private static string Hex(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    private static bool Recover(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature, Span<byte> found) =>
        Curve.Default.TryRecoverAddress(digest, signature, found);

    private SignerAnswer Sign(SignEffect wanted)
    {
        var items = new List<SigningItem>();
        foreach (var body in wanted.Items)
        {
            items.Add(SignerCore.TryRead(body, out var item, out var error) ? item : throw new InvalidOperationException(error));
        }

        var before = memory;
        var verdict = SignerCore.Hear(before, powers, Now / 1_000_000, items);
        memory = verdict.Memory;
        if (verdict.Kind != VerdictKind.Approved)
        {
            return new SignerAnswer(wanted.Id, default, verdict.Tag, verdict.Instead);
        }

        // What a durable signer would have stored by now, and what the signature must be over.
        if (SignerCore.Changes(before, memory, items).Length == 0 || !verdict.Digest.Span.SequenceEqual(wanted.Digest.Span))
        {
            throw new InvalidOperationException("a signature that is new leaves a trace, and is over what was asked");
        }

        var signature = new byte[65];
        _ = Curve.Default.TrySign(verdict.Digest.Span, key, signature);
        return new SignerAnswer(wanted.Id, signature, null, default);
    }
}
