using System.Diagnostics;
using Nitro.Ethereum.Rpc;

namespace Nitro.Ethereum.Transactions;

/// <summary>Sends stored transactions to the node, again and again until they are mined: pools forget.</summary>
internal sealed class Broadcaster(EthereumOptions options, EthereumNode node, ReadOnlyMemory<byte> account, Complaints complaints)
{
    private const string Part = "broadcast";

    /// <summary>Words of nodes for: it is here already, or its nonce is spent. Both show in the receipts.</summary>
    private static readonly string[] Harmless = ["already known", "already imported", "known transaction", "already exists", "nonce too low", "in the pool"];

    /// <summary>Sends every live transaction that was not yet sent at this height.</summary>
    public async Task SendAsync(IEnumerable<Attempt> live, ChainMoment now, CancellationToken cancellationToken)
    {
        var complained = false;
        foreach (var attempt in live.Where(attempt => IsDue(attempt, now)).OrderBy(attempt => attempt.Nonce))
        {
            complained |= !await TrySendAsync(attempt, cancellationToken).ConfigureAwait(false);
            attempt.Broadcast = (Stopwatch.GetTimestamp(), now.Latest);
        }

        if (!complained)
        {
            complaints.Clear(Part);
        }
    }

    public void ClearComplaints() => complaints.Clear(Part);

    private bool IsDue(Attempt attempt, ChainMoment now) =>
        attempt.Nonce >= now.MinedNonce
        && (attempt.Broadcast is not { } last || last.Height != now.Latest || Stopwatch.GetElapsedTime(last.At) >= options.RebroadcastInterval);

    private async Task<bool> TrySendAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            await node.SendRawAsync(attempt.Raw, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NodeErrorException problem)
        {
            if (Harmless.Any(words => problem.NodeMessage.Contains(words, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }

            complaints.Set(Part, problem.NodeMessage.Contains("insufficient funds", StringComparison.OrdinalIgnoreCase)
                ? $"The chain account {Hex.Bytes(account.Span)} cannot pay for its transactions: send ether to it."
                : $"The node does not take transaction {Hex.Bytes(attempt.Hash)}, and is asked again: {problem.NodeMessage}");
            return false;
        }
    }
}
