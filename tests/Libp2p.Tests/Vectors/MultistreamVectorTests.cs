using Nitro.Libp2p.Negotiation;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class MultistreamVectorTests
{
    private static readonly SwarmOptions Options = new() { MaxProposals = 8 };

    [Fact]
    public Task Vector_negotiations_go_as_listener() => VectorFile.ForEachAsync("multistream", async vector =>
    {
        foreach (var step in (int[])[int.MaxValue, 1])
        {
            var stream = new ScriptedStream(vector.Bytes("dialerBytes"), step);
            var outcome = vector.Has("expect") ? null : vector.TextOrNull("outcome");
            var listed = vector.Text("name") == "ls" ? Listed(vector.Bytes("listenerBytes")) : [outcome ?? ""];
            var listening = Multistream.ListenAsync(stream, known => known == outcome, () => listed, Options, CancellationToken.None).AsTask();
            if (outcome is null)
            {
                var failure = await Assert.ThrowsAsync<Libp2pException>(() => listening);
                Assert.Contains(failure.Error, (Libp2pError[])[Libp2pError.Malformed, Libp2pError.Disconnected]);
            }
            else
            {
                Assert.Equal(outcome, await listening);
            }

            if (!vector.Has("expect"))
            {
                Assert.Equal(vector.Text("listenerBytes"), Convert.ToHexStringLower(stream.Written));
            }
        }
    });

    [Fact]
    public Task Vector_negotiations_go_as_dialer() => VectorFile.ForEachAsync("multistream", async vector =>
    {
        if (vector.Has("expect") || vector.Text("name") == "ls")
        {
            return; // Those have no dialer of ours: it never sends such bytes.
        }

        var sent = vector.Bytes("dialerBytes");
        var proposals = Proposals(sent);
        var stream = new ScriptedStream(vector.Bytes("listenerBytes"));
        var dialing = Multistream.DialAsync(stream, proposals, Options, CancellationToken.None).AsTask();
        if (vector.TextOrNull("outcome") is { } outcome)
        {
            Assert.Equal(outcome, await dialing);
        }
        else
        {
            Assert.Equal(Libp2pError.NotSupported, (await Assert.ThrowsAsync<Libp2pException>(() => dialing)).Error);
        }

        Assert.StartsWith(Convert.ToHexStringLower(stream.Written), vector.Text("dialerBytes"), StringComparison.Ordinal);
    });

    // The names in the answer to "ls": a length, then tokens, then a line feed.
    private static string[] Listed(byte[] listener)
    {
        var block = listener[20..];
        var names = new List<string>();
        for (var at = 1; at < block.Length && block[at] != (byte)'\n' && block[at + 1] == (byte)'/'; at += block[at] + 1)
        {
            names.Add(System.Text.Encoding.UTF8.GetString(block, at + 1, block[at] - 1));
        }

        return [.. names];
    }

    private static string[] Proposals(byte[] dialer)
    {
        var names = new List<string>();
        for (var at = 20; at < dialer.Length;)
        {
            if (!Bytes.Varint.TryRead(dialer.AsSpan(at), out var length, out var head) || dialer[at + head] != (byte)'/')
            {
                break; // What follows belongs to the protocol.
            }

            names.Add(System.Text.Encoding.UTF8.GetString(dialer, at + head, (int)length - 1));
            at += head + (int)length;
        }

        return [.. names];
    }
}
