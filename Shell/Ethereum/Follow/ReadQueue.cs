using System.Collections.Concurrent;
using System.Numerics;
using Nitro.Ethereum.Rpc;
using Nitro.Ports;

namespace Nitro.Ethereum.Follow;

/// <summary>Reads waiting for an answer. Each is tried at every newest final block until it works, so all that an answer rests on has been shown.</summary>
internal sealed class ReadQueue(EthereumNode node, IChainSink sink, Complaints complaints, ConcurrentDictionary<long, ChainRead> waiting)
{
    private const string Part = "reads";
    private const int InvalidParams = -32602;
    private const int AtOnce = 8;
    private bool _byHash = true;

    /// <summary>Tries all that wait. Those that fail stay.</summary>
    public async Task AnswerAsync(ChainHead head, CancellationToken cancellationToken)
    {
        if (waiting.IsEmpty)
        {
            complaints.Clear(Part);
            return;
        }

        var failed = false;
        foreach (var reads in waiting.OrderBy(read => read.Key).Select(read => read.Value).Chunk(AtOnce))
        {
            var answers = await Task.WhenAll(reads.Select(read => TryReadAsync(read, head, cancellationToken))).ConfigureAwait(false);
            foreach (var (read, answer) in reads.Zip(answers))
            {
                if (answer is not { } bytes)
                {
                    failed = true;
                    continue;
                }

                await sink.ReadAsync(new ChainReadResult(read.EffectId, bytes, head.Height, head.BlockHash), cancellationToken).ConfigureAwait(false);
                waiting.TryRemove(KeyValuePair.Create(read.EffectId, read));
            }
        }

        if (!failed)
        {
            complaints.Clear(Part);
        }
    }

    private async Task<ReadOnlyMemory<byte>?> TryReadAsync(ChainRead read, ChainHead head, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await ReadAtAsync(new CallRequest(null, read.To, BigInteger.Zero, read.Data), head, cancellationToken).ConfigureAwait(false);

            // Where there is no code yet a call succeeds and returns nothing.
            if (answer is { IsEmpty: true })
            {
                complaints.Set(Part, $"Contract {Hex.Bytes(read.To.Span)} answers nothing at block {head.Height}: asking again at later blocks.");
                return null;
            }

            return answer;
        }
        catch (NodeErrorException problem)
        {
            complaints.Set(Part, $"Reading from contract {Hex.Bytes(read.To.Span)} at block {head.Height} fails, and is tried again: {problem.Reason}");
            return null;
        }
    }

    private async Task<ReadOnlyMemory<byte>?> ReadAtAsync(CallRequest call, ChainHead head, CancellationToken cancellationToken)
    {
        if (_byHash)
        {
            try
            {
                return await node.CallAtHashAsync(call, head.BlockHash, cancellationToken).ConfigureAwait(false);
            }
            catch (NodeErrorException problem) when (problem.Code == InvalidParams)
            {
                // A node from before EIP-1898: read by height, and see that the block is the same afterwards.
                _byHash = false;
            }
        }

        var answer = await node.CallAsync(call, Hex.Quantity((ulong)head.Height), cancellationToken).ConfigureAwait(false);
        var header = await node.HeaderAsync(head.Height, cancellationToken).ConfigureAwait(false);
        return header is not null && header.Hash.Span.SequenceEqual(head.BlockHash.Span) ? answer : null;
    }
}
