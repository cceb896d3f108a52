using System.Diagnostics;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Store;
using Nitro.Ports;

namespace Nitro.Ethereum.Follow;

/// <summary>Asks before every advance whether the newest block that was shown as final still belongs to the chain, and if not, which one does.</summary>
internal sealed class ForkCheck(EthereumOptions options, EthereumNode node, FinalBlocks blocks)
{
    private long? _behindSince;

    public async Task<Fork> CheckAsync(long latest, CancellationToken cancellationToken)
    {
        if (blocks.Newest is not { } newest)
        {
            return Fork.None;
        }

        var reachable = blocks.Kept.LastOrDefault(kept => kept.Height <= latest);
        var header = reachable is null ? null : await node.HeaderAsync(reachable.Height, cancellationToken).ConfigureAwait(false);
        if (header is not null && !Same(header, reachable!))
        {
            return await GoneAsync(newest, cancellationToken).ConfigureAwait(false);
        }

        if (header is not null && reachable!.Height == newest.Height)
        {
            _behindSince = null;
            return Fork.None;
        }

        return await BehindAsync(newest, header is null ? options.StartHeight - 1 : reachable!.Height, latest, cancellationToken).ConfigureAwait(false);
    }

    private static bool Same(BlockHeader header, ChainHead kept) => header.Hash.Span.SequenceEqual(kept.BlockHash.Span);

    private async Task<Fork> BehindAsync(ChainHead newest, long ancestor, long latest, CancellationToken cancellationToken)
    {
        if (await ReplacedAsync(cancellationToken).ConfigureAwait(false))
        {
            return await GoneAsync(newest, cancellationToken).ConfigureAwait(false);
        }

        _behindSince ??= Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_behindSince.Value) < options.BehindPatience)
        {
            return new Fork(
                ForkKind.Behind,
                ancestor,
                $"The node at {node.Rpc.Transport.Endpoint} is at block {latest}, below block {newest.Height} that was final already: waiting for it to catch up.");
        }

        _behindSince = null;
        return new Fork(
            ForkKind.Gone,
            ancestor,
            $"The node at {node.Rpc.Transport.Endpoint} stays at block {latest}, below block {newest.Height} that was final already: "
            + "what is missing counts as gone. If the node is still syncing, wait; if its chain was restarted, deploy again and start with a new data folder.");
    }

    private async Task<Fork> GoneAsync(ChainHead newest, CancellationToken cancellationToken)
    {
        _behindSince = null;
        var ancestor = await AncestorAsync(cancellationToken).ConfigureAwait(false);
        if (ancestor is { } height)
        {
            return new Fork(
                ForkKind.Gone,
                height,
                $"Blocks {height + 1} to {newest.Height}, shown as final, were replaced by a re-organisation of the chain: they are shown anew. "
                + "If this is not a development chain, raise the number of confirmations.");
        }

        var what = await ReplacedAsync(cancellationToken).ConfigureAwait(false)
            ? "serves another chain than before (its block 0 differs; a development chain was probably restarted)"
            : "agrees with none of the final blocks kept";
        return new Fork(
            ForkKind.Gone,
            options.StartHeight - 1,
            $"The node at {node.Rpc.Transport.Endpoint} {what}: everything up to block {newest.Height} counts as gone. "
            + "Point the configuration at the right chain, or deploy again and start with a new data folder.");
    }

    /// <summary>The newest kept block that the node still has: whether it has a block is true up to some height and false above, so halving finds it.</summary>
    private async Task<long?> AncestorAsync(CancellationToken cancellationToken)
    {
        var kept = blocks.Kept;
        var (standing, gone) = (-1, kept.Count);
        while (gone - standing > 1)
        {
            var middle = (standing + gone) / 2;
            var header = await node.HeaderAsync(kept[middle].Height, cancellationToken).ConfigureAwait(false);
            (standing, gone) = header is not null && Same(header, kept[middle]) ? (middle, gone) : (standing, middle);
        }

        return standing < 0 ? null : kept[standing].Height;
    }

    private async Task<bool> ReplacedAsync(CancellationToken cancellationToken)
    {
        var first = await node.HeaderAsync(0, cancellationToken).ConfigureAwait(false);
        return first is not null && blocks.Genesis is { } genesis && genesis != Hex.Bytes(first.Hash.Span);
    }
}
