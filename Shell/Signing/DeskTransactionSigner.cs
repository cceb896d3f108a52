using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.Signing;

/// <summary>The chain account of an in-process signer: its transactions stand in line with the channels' requests.</summary>
internal sealed class DeskTransactionSigner(ReadOnlyMemory<byte> account, ChannelWriter<DeskRequest> requests) : ITransactionSigner
{
    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Account => account;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The policy refuses, for now or for ever; asking again is harmless.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken)
    {
        var typed = transaction.Typed();
        var waiter = new TaskCompletionSource<DeskAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        await requests.WriteAsync(new DeskRequest(0, [.. evidence, typed.Request], contexts, waiter), cancellationToken).ConfigureAwait(false);
        var answer = await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Tag is null
            ? typed.Raw(answer.Signature)
            : throw new InvalidOperationException($"the signer refuses{(answer.IsTemporary ? " for now" : "")}: {answer.Tag}");
    }
}
