using System.Globalization;
using Nitro.Ports;

namespace Nitro.SignerApi;

/// <summary>Asks for one signature at a time on behalf of somebody beside the core. Each question has a lane of its own: one that is given up
/// leaves the stage without the others.</summary>
internal sealed class StageAsker(StageHost stage, string kind, ReadOnlyMemory<byte> signer)
{
    private int _lanes;

    /// <summary>Waits as long as it takes; cancelled, the request leaves the stage.</summary>
    /// <param name="items">Of Request.V1: evidence, and last what is wanted.</param>
    /// <param name="digest">What the 65 bytes must be over.</param>
    /// <param name="contexts">The signed calls that caused it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The signer refuses, or the stage is full; asking again is harmless.</exception>
    public async Task<ReadOnlyMemory<byte>> AskAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> items, ReadOnlyMemory<byte> digest, IReadOnlyList<CallContext> contexts, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<SigningResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lane = string.Create(CultureInfo.InvariantCulture, $"{kind}/{Interlocked.Increment(ref _lanes)}");
        var job = new SigningJob(items, digest, signer, result => answer.TrySetResult(result)) { Contexts = contexts };
        stage.Submit(lane, [job], isTimeCritical: true);
        try
        {
            var result = await answer.Task.WaitAsync(cancellationToken);
            return result.RefusedTag is { } tag ? throw new InvalidOperationException($"the signer refuses: {tag}") : result.Signature;
        }
        finally
        {
            stage.Close(lane);
        }
    }
}
