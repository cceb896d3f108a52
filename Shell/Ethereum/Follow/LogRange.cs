using Nitro.Ethereum.Rpc;
using Nitro.Ports;

namespace Nitro.Ethereum.Follow;

/// <summary>A stretch of final blocks read without contradiction: the headers to keep, and the contract's logs in order.</summary>
internal sealed record LogRange(IReadOnlyList<ChainHead> Headers, IReadOnlyList<ChainLog> Logs)
{
    private const int HeadersAtOnce = 8;

    /// <summary>
    /// Reads a range. Null where the node contradicts itself, as it does when the chain moves meanwhile: look again.
    /// Headers are read from <paramref name="firstHeader"/> on.
    /// </summary>
    public static async Task<LogRange?> ReadAsync(
        EthereumNode node,
        ReadOnlyMemory<byte> contract,
        ChainHead? parent,
        long from,
        long to,
        long firstHeader,
        CancellationToken cancellationToken)
    {
        var headers = await HeadersAsync(node, firstHeader, to, cancellationToken).ConfigureAwait(false);
        if (headers is null || !Linked(parent, headers))
        {
            return null;
        }

        var emitted = await node.LogsAsync(contract, from, to, cancellationToken).ConfigureAwait(false);
        if (emitted.Any(one => one.Log.Height < from || one.Log.Height > to || !one.Address.Span.SequenceEqual(contract.Span)))
        {
            throw RpcText.Rubbish(node.Rpc.Transport.Endpoint, "eth_getLogs", "logs that were not asked for");
        }

        var logs = emitted
            .Where(one => !one.Removed)
            .Select(one => one.Log)
            .DistinctBy(log => (log.Height, log.LogIndex))
            .OrderBy(log => log.Height).ThenBy(log => log.LogIndex)
            .ToList();
        var ofHeaders = logs.Where(log => log.Height >= firstHeader);
        if (ofHeaders.Any(log => !log.BlockHash.Span.SequenceEqual(headers[(int)(log.Height - firstHeader)].Hash.Span)))
        {
            return null;
        }

        // If the last block is the same before and after, so is every block below it: the logs are of one chain.
        var again = await node.HeaderAsync(to, cancellationToken).ConfigureAwait(false);
        return again is not null && again.Hash.Span.SequenceEqual(headers[^1].Hash.Span)
            ? new LogRange([.. headers.Select(header => new ChainHead(header.Height, header.Hash, header.TimeSeconds))], logs)
            : null;
    }

    private static async Task<BlockHeader[]?> HeadersAsync(EthereumNode node, long from, long to, CancellationToken cancellationToken)
    {
        var headers = new BlockHeader?[to - from + 1];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = HeadersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(
            0,
            headers.Length,
            parallel,
            async (at, stop) => headers[at] = await node.HeaderAsync(from + at, stop).ConfigureAwait(false)).ConfigureAwait(false);
        return Array.TrueForAll(headers, header => header is not null) ? headers as BlockHeader[] : null;
    }

    private static bool Linked(ChainHead? parent, BlockHeader[] headers)
    {
        if (parent is not null && parent.Height == headers[0].Height - 1 && !parent.BlockHash.Span.SequenceEqual(headers[0].ParentHash.Span))
        {
            return false;
        }

        for (var at = 1; at < headers.Length; at++)
        {
            if (!headers[at].ParentHash.Span.SequenceEqual(headers[at - 1].Hash.Span))
            {
                return false;
            }
        }

        return true;
    }
}
