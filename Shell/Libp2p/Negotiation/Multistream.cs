using System.Text;
using Nitro.Libp2p.Bytes;

namespace Nitro.Libp2p.Negotiation;

/// <summary>
/// multistream-select 1.0: two sides agree on a protocol. Reads not one byte beyond the last token, so what follows belongs
/// to the protocol agreed on.
/// </summary>
public static class Multistream
{
    private const string Header = "/multistream/1.0.0";
    private const string Refusal = "na";
    private const string List = "ls";

    /// <summary>Proposes the protocols in order and gives back the one that is taken.</summary>
    /// <exception cref="Libp2pException">NotSupported where none is; Malformed; Disconnected where the stream ends.</exception>
    public static async ValueTask<string> DialAsync(
        Stream stream, IReadOnlyList<string> protocols, SwarmOptions options, CancellationToken cancellationToken)
    {
        var first = true;
        foreach (var protocol in protocols)
        {
            // The header goes out with the first proposal, in one write.
            await stream.WriteAsync(first ? Tokens(Header, protocol) : Tokens(protocol), cancellationToken).ConfigureAwait(false);
            if (first && await ReadTokenAsync(stream, options, cancellationToken).ConfigureAwait(false) != Header)
            {
                throw new Libp2pException(Libp2pError.Malformed, "The other side does not negotiate by multistream-select 1.0.");
            }

            first = false;
            var answer = await ReadTokenAsync(stream, options, cancellationToken).ConfigureAwait(false);
            if (answer == protocol)
            {
                return protocol;
            }

            if (answer != Refusal)
            {
                throw new Libp2pException(Libp2pError.Malformed, "A proposal was answered with neither itself nor a refusal.");
            }
        }

        throw new Libp2pException(Libp2pError.NotSupported, $"The other side speaks none of {string.Join(", ", protocols)}.");
    }

    /// <summary>Answers proposals until one is known, and gives that one back.</summary>
    /// <param name="stream">Where it happens.</param>
    /// <param name="isKnown">Whether a protocol is spoken here.</param>
    /// <param name="list">The protocols to name when asked.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <exception cref="Libp2pException">Malformed; LimitReached after too many proposals; Disconnected where the stream ends.</exception>
    public static async ValueTask<string> ListenAsync(
        Stream stream, Func<string, bool> isKnown, Func<IEnumerable<string>> list, SwarmOptions options, CancellationToken cancellationToken)
    {
        if (await ReadTokenAsync(stream, options, cancellationToken).ConfigureAwait(false) != Header)
        {
            throw new Libp2pException(Libp2pError.Malformed, "The other side does not negotiate by multistream-select 1.0.");
        }

        var isHeaderSent = false;
        for (var proposals = 0; proposals < options.MaxProposals; proposals++)
        {
            // Most dialers send their header and their first proposal together: then so do we with the answers.
            var arriving = ReadTokenAsync(stream, options, cancellationToken);
            if (!isHeaderSent && !arriving.IsCompleted)
            {
                await stream.WriteAsync(Tokens(Header), cancellationToken).ConfigureAwait(false);
                isHeaderSent = true;
            }

            var proposal = await arriving.ConfigureAwait(false);
            var known = isKnown(proposal);
            var answer = known ? Tokens(proposal) : proposal == List ? Listing(list()) : Tokens(Refusal);
            await stream.WriteAsync(isHeaderSent ? answer : [.. Tokens(Header), .. answer], cancellationToken).ConfigureAwait(false);
            isHeaderSent = true;
            if (known)
            {
                return proposal;
            }
        }

        throw new Libp2pException(Libp2pError.LimitReached, $"The other side proposed {options.MaxProposals} unknown protocols.");
    }

    /// <summary>Reads one token: its length, its text, a line feed.</summary>
    internal static async ValueTask<string> ReadTokenAsync(Stream stream, SwarmOptions options, CancellationToken cancellationToken)
    {
        var token = new byte[64];
        var length = await Varint.ReadAsync(stream, token, options.MaxToken, cancellationToken).ConfigureAwait(false);
        if (length < 0)
        {
            throw new Libp2pException(Libp2pError.Disconnected, "The stream ended during the negotiation.");
        }

        token = length <= token.Length ? token : new byte[length];
        if (length == 0 || await stream.ReadAtLeastAsync(token.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false) < length || token[length - 1] != (byte)'\n')
        {
            throw new Libp2pException(Libp2pError.Malformed, "A protocol name does not end with a line feed.");
        }

        return Encoding.UTF8.GetString(token, 0, length - 1);
    }

    private static byte[] Tokens(params ReadOnlySpan<string> texts)
    {
        var bytes = new List<byte>(64);
        foreach (var text in texts)
        {
            bytes.AddRange(Delimited.Frame(Encoding.UTF8.GetBytes(text + "\n")));
        }

        return [.. bytes];
    }

    // One block: the tokens, each with its own length, then a line feed.
    private static byte[] Listing(IEnumerable<string> protocols) =>
        Delimited.Frame([.. Tokens(protocols.ToArray()), (byte)'\n']);
}
