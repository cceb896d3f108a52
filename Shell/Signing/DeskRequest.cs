using Nitro.Ports;

namespace Nitro.Signing;

/// <summary>A request at an in-process signer.</summary>
/// <param name="EffectId">Names it; without meaning where somebody waits.</param>
/// <param name="Items">Of Request.V1: evidence, and last what is wanted.</param>
/// <param name="Calls">The signed calls that caused it, as the node has verified them.</param>
/// <param name="Waiter">Who waits for this answer alone; null: it goes out with the others.</param>
internal sealed record DeskRequest(
    long EffectId, IReadOnlyList<ReadOnlyMemory<byte>> Items, IReadOnlyList<CallContext> Calls, TaskCompletionSource<DeskAnswer>? Waiter);
